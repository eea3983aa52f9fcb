/** Why a packet does not get from one network of a host to another, and what would have to be changed. */
import test from 'ava';
import { answerText } from '../../control/cli/why-not.js';
import { asked } from './asked.js';

/** What is asked of a topology, and the lines of the answer that say what to edit. */
interface Question {
  readonly of: string;
  readonly lab: string;
  readonly says: RegExp;
  readonly edit: string;
  readonly alternative: string;
}

const questions: readonly Question[] = [
  {
    of: 'networks of a bridge each, which Docker keeps apart',
    lab: 'networks: { n1: , n2: }\nservices:\n  c1: { networks: [n1] }\n  c2: { networks: { n2: } }\n',
    says: /is in none of its subnets, so it is for the gateway .* the gateway mode of n2 is nat by default \(lab\.yaml:1\)\. \[bridge-isolated\]$/,
    edit: 'lab.yaml:3: add n2 to the networks of c1',
    alternative: 'lab.yaml:4: add n1 to the networks of c2',
  },
  {
    of: 'networks of a bridge each, of which one says that it keeps others out',
    lab: `networks:
  n1:
  n2:
    driver_opts:
      com.docker.network.bridge.gateway_mode_ipv4: nat
services:
  c1: { networks: [n1] }
  c2: { networks: [n2] }
`,
    says: /gateway_mode_ipv4 of n2 is nat \(lab\.yaml:5\)\. \[bridge-isolated\]$/,
    edit: 'lab.yaml:5: write com.docker.network.bridge.gateway_mode_ipv4: nat-unprotected instead of nat',
    alternative: 'lab.yaml:7: add n2 to the networks of c1',
  },
  {
    of: 'a network that is internal',
    lab: `networks:
  n1:
    internal: true
  n2: { driver_opts: { com.docker.network.bridge.gateway_mode_ipv4: nat-unprotected } }
services:
  c1: { networks: [n1] }
  c2: { networks: [n2] }
`,
    says: /is in none of its subnets, and it has no gateway/,
    edit: 'lab.yaml:3: write internal: false instead of true',
    alternative: 'lab.yaml:6: add n2 to the networks of c1',
  },
];

for (const { of, lab, says, edit, alternative } of questions)
  test(`--why-not: ${of}`, (t) => {
    const [why = '', ...edits] = answerText(asked(lab, 'c1', 'c2')).split('\n');
    t.regex(why, says);
    t.deepEqual(edits, [edit, `  or ${alternative}`]);
  });

test('--why-not: what is routed from one network of a host to another is proved as well', (t) => {
  const lab = `networks:
  n1:
  n2: { driver_opts: { com.docker.network.bridge.gateway_mode_ipv4: nat-unprotected } }
services:
  c1: { networks: [n1] }
  c2: { networks: [n2] }
`;
  const answer = asked(lab, 'c1', 'c2');
  t.true(answer.reaches, answer.why);
  t.deepEqual(
    answer.explanation?.hops.map(({ stage }) => stage),
    ['bridge', 'route'],
  );
  t.regex(
    answerText(answer),
    /It belongs to the connection opened by frame 2 of c1 .*\n.* It goes by the route 172\.19\.0\.0\/16/,
  );
});
