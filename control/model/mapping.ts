import { z } from 'zod';

/** A mapping with these keys and no others, besides foreign `x-` keys. The known keys travel in the message of the issue. */
export function mapping<S extends z.ZodRawShape>(shape: S) {
  const known = Object.keys(shape).join(' ');
  return z.strictObject(shape, {
    error: ({ code }) => (code === 'unrecognized_keys' ? known : undefined),
  });
}
