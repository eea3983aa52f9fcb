/** The part of the addon that the Supervisor needs: TAPs are made and held here, and Workers are woken from here. */
export interface SupervisorNative {
  createTap(options: { readonly name: string; readonly namespace: string }): number;
  closeDescriptor(descriptor: number): void;
  now(): number;
  wake(waker: number): void;
}

export async function loadNative(): Promise<SupervisorNative> {
  return Promise.reject(new Error('not yet'));
}
