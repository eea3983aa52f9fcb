/** Numbers from a seed (xorshift32): a function that gives 0..below-1. Enough to choose bytes, and bad luck. */
export function randomOf(seed: number): (below: number) => number {
  let state = Math.imul(seed, 0x9e37_79b1) | 1; // neighbouring seeds are to differ, also 2 from 3
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
