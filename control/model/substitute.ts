import { SERVICE_IGNORED, TOP_LEVEL_IGNORED } from './compose-keys.js';
import type { Findings } from './mistake.js';
import { withParts, Written } from './written.js';

/**
 * Compose's `$VARIABLE` substitution, without an environment: a lab has to mean the same on every machine and every day. So
 * `${NAME:-default}` and `${NAME-default}` are always their default, `${NAME:+other}` is empty, `$$` is a dollar sign, and a
 * variable without a default is refused. Inside a sandbox, where no frame depends on it (`command`, `environment`), it is empty instead, as
 * in Compose, and noted. What is not read (`image`, other people's `x-`) is left alone.
 */
export function substituteVariables(root: Written, findings: Findings): Written {
  return withParts(root, (part, key) => {
    if (key === 'services') return substituteServices(part, findings);
    return READ_AT_TOP.has(key) ? substitute(part, findings) : part;
  });
}

const READ_AT_TOP = new Set<string | number>(['name', 'networks', 'x-hosts', 'x-wires']);
const INSIDE = new Set<string | number>(['command', 'entrypoint', 'environment', 'working_dir']);
const SKIPPED_IN_SERVICE = new Set<string | number>([...SERVICE_IGNORED, ...TOP_LEVEL_IGNORED]);

function substituteServices(services: Written, findings: Findings): Written {
  return withParts(services, (service) =>
    withParts(service, (part, key) =>
      SKIPPED_IN_SERVICE.has(key) ? part : substitute(part, findings, INSIDE.has(key)),
    ),
  );
}

/** Undefined after a refusal: what is left out gives no reason for another complaint. */
function substitute(written: Written, findings: Findings, inside = false): Written | undefined {
  const { value, at } = written;
  if (typeof value !== 'string')
    return withParts(written, (part) => substitute(part, findings, inside));
  if (!value.includes('$')) return written;
  const before = findings.mistakes.length;
  const text = withDefaults(value, at, findings, inside);
  const changed = new Written<unknown>(inside ? text : typed(text), at);
  return findings.mistakes.length > before ? undefined : changed;
}

const VARIABLE =
  /\$(?:(?<dollar>\$)|\{(?<braced>[A-Za-z_]\w*)(?:(?<rule>:?[-?+])(?<text>[^}]*))?\}|(?<bare>[A-Za-z_]\w*)|)/g;

type Groups = Partial<Record<'dollar' | 'braced' | 'rule' | 'text' | 'bare', string>>;

function withDefaults(
  text: string,
  at: Written['at'],
  findings: Findings,
  inside: boolean,
): string {
  return text.replace(VARIABLE, (...match: unknown[]) => {
    const { dollar, braced, rule, text: given, bare } = match.at(-1) as Groups;
    if (dollar !== undefined) return '$';
    const name = braced ?? bare;
    if (name === undefined) {
      const what = `invalid interpolation format in "${text}"`;
      findings.refuse(at, what, 'write "$$" for a dollar sign');
    } else if (rule === undefined && inside) {
      findings.note(
        `"${name}" has no value, and is empty: a topology is read without the environment`,
      );
    } else if (rule === undefined || rule.endsWith('?')) {
      const what = `"${name}" has no value: a topology is read without the environment`;
      findings.refuse(at, what, `write the value itself, or \${${name}:-default}`);
    }
    return rule?.endsWith('-') === true ? (given ?? '') : '';
  });
}

/** A number or a switch that came out of a variable is meant as one. */
function typed(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^(0|[1-9]\d{0,8})$/.test(text) ? Number(text) : text;
}
