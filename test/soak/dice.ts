/** Seeded random numbers (xorshift32): a function that gives 0..below-1. */
export function diceOf(seed: number): (below: number) => number {
  let state = (seed << 1) | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
