import test from 'ava';
import { Refused } from '../../control/cli/errors.js';
import { removeAll, takeSteps } from '../../control/sandbox/steps.js';
import type { Ledger, Made, Step } from '../../control/sandbox/steps.js';

/** A ledger and a machine that remember in which order things happened. */
class World implements Ledger {
  made: Made[] = [];
  readonly story: string[] = [];

  record(made: Made): void {
    this.made.push(made);
    this.story.push(`note ${nameOf(made)}`);
  }

  erase(made: Made): void {
    this.made = this.made.filter((other) => other !== made);
    this.story.push(`strike ${nameOf(made)}`);
  }

  readonly remove = (made: Made): Promise<void> => {
    this.story.push(`remove ${nameOf(made)}`);
    return Promise.resolve();
  };

  step(name: string, failure?: { check?: string; take?: string }): Step {
    return {
      name: `make ${name}`,
      makes: { kind: 'namespace', name },
      check: () => {
        if (failure?.check !== undefined) throw new Error(failure.check);
        return Promise.resolve();
      },
      take: () => {
        this.story.push(`make ${name}`);
        if (failure?.take !== undefined) throw new Error(failure.take);
        return Promise.resolve();
      },
    };
  }
}

const nameOf = (made: Made): string => ('name' in made ? made.name : String(made.pid));

test('each thing is written down before it is made', async (t) => {
  const world = new World();
  await takeSteps([world.step('a'), world.step('b')], world, world.remove);
  t.deepEqual(world.story, ['note a', 'make a', 'note b', 'make b']);
});

test('a step that fails is named, and it and those before it are undone in reverse', async (t) => {
  const world = new World();
  const steps = [world.step('a'), world.step('b', { take: 'no room' }), world.step('c')];
  await t.throwsAsync(takeSteps(steps, world, world.remove), {
    instanceOf: Refused,
    message: 'make b: no room',
  });
  t.deepEqual(world.story.slice(4), ['remove b', 'strike b', 'remove a', 'strike a']);
  t.deepEqual(world.made, []);
});

test('what is there already is not removed', async (t) => {
  const world = new World();
  const steps = [world.step('a'), world.step('b', { check: 'there already' })];
  await t.throwsAsync(takeSteps(steps, world, world.remove), { message: 'make b: there already' });
  t.deepEqual(world.story, ['note a', 'make a', 'remove a', 'strike a']);
});

test('what was made before the steps stays when they fail', async (t) => {
  const world = new World();
  await takeSteps([world.step('old')], world, world.remove);
  const steps = [world.step('a', { take: 'no' })];
  await t.throwsAsync(takeSteps(steps, world, world.remove));
  t.deepEqual(world.made.map(nameOf), ['old']);
});

test('what cannot be removed is told and stays written down, and the rest is removed', async (t) => {
  const world = new World();
  const remove = (made: Made): Promise<void> => {
    if (nameOf(made) === 'b') throw new Error('busy');
    return world.remove(made);
  };
  await takeSteps([world.step('a'), world.step('b'), world.step('c')], world, remove);
  t.deepEqual(await removeAll(world, 0, remove), ['cannot remove namespace b: busy']);
  t.deepEqual(world.made.map(nameOf), ['b']);
  const steps = [world.step('d', { take: 'no' })];
  await t.throwsAsync(
    takeSteps(steps, world, () => Promise.reject(new Error('busy'))),
    {
      message: 'make d: no\ncannot remove namespace d: busy',
    },
  );
});

test('a signal ends the steps, and what was made is undone', async (t) => {
  const world = new World();
  const abort = new AbortController();
  const last: Step = {
    name: 'signal',
    take: () => {
      abort.abort();
      return Promise.resolve();
    },
  };
  const steps = [world.step('a'), last, world.step('b')];
  await t.throwsAsync(takeSteps(steps, world, world.remove, abort.signal), {
    message: 'interrupted',
  });
  t.deepEqual(world.story, ['note a', 'make a', 'remove a', 'strike a']);
});
