/** The call is wrong, not the input: exit status 2. */
export class CallError extends Error {
  override readonly name = 'CallError';
}

/** The input is wrong, and everything there is to say about it has been said: exit status 1. */
export class Refused extends Error {
  override readonly name = 'Refused';
}
