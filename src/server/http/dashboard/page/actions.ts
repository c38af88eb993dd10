import { byId } from './dom.ts';
import { count, duration } from './format.ts';

const actions = {
  full: 'Take a full snapshot of the whole cluster? It reads the database of a member and stores it.',
  delta: 'Take a delta snapshot of what has changed since the last snapshot?',
} as const;

/** Whether a snapshot that was asked for here is being taken. */
let isBusy = false;

/** The buttons that take snapshots, each after a question. */
export function wireActions(): void {
  for (const kind of ['full', 'delta'] as const) {
    byId<HTMLButtonElement>(`take-${kind}`).addEventListener('click', () => ask(kind));
  }
  const dialog = byId<HTMLDialogElement>('confirm');
  byId('confirm-yes').addEventListener('click', () => dialog.close('yes'));
  byId('confirm-no').addEventListener('click', () => dialog.close('no'));
}

function ask(kind: keyof typeof actions): void {
  const dialog = byId<HTMLDialogElement>('confirm');
  if (isBusy) {
    return;
  }
  byId('confirm-text').textContent = actions[kind];
  dialog.returnValue = 'no';
  dialog.addEventListener(
    'close',
    () => {
      if (dialog.returnValue === 'yes') {
        void take(kind);
      }
    },
    { once: true },
  );
  dialog.showModal();
}

async function take(kind: keyof typeof actions): Promise<void> {
  const buttons = ['take-full', 'take-delta'].map((id) => byId<HTMLButtonElement>(id));
  const begunAt = performance.now();
  isBusy = true;
  for (const button of buttons) {
    // Not `disabled`, which would take the focus away from who works by keyboard.
    button.setAttribute('aria-disabled', 'true');
  }
  say(`Taking a ${kind} snapshot…`, '');
  try {
    const response = await fetch(`${location.origin}/snapshot/${kind}`, { method: 'POST', redirect: 'error' });
    const seconds = duration((performance.now() - begunAt) / 1_000);
    if (response.ok) {
      say(`${resultText(await response.json())}, after ${seconds}.`, 'good');
    } else {
      say(`No snapshot was taken: ${await reasonOf(response)}.`, 'bad');
    }
  } catch (error) {
    say(`The server did not answer: ${error instanceof Error ? error.message : error}.`, 'bad');
  } finally {
    isBusy = false;
    for (const button of buttons) {
      button.removeAttribute('aria-disabled');
    }
  }
}

function resultText(answer: unknown): string {
  if (typeof answer !== 'object' || answer === null) {
    return 'Nothing has changed since the last snapshot';
  }
  const { snapName, lastRevision } = answer as { readonly snapName?: unknown; readonly lastRevision?: unknown };
  return `${snapName} is stored, up to revision ${count(Number(lastRevision))}`;
}

async function reasonOf(response: Response): Promise<string> {
  const code = response.headers.get('etcdbrctl-failure');
  if (code !== null) {
    return code === 'snapshotter_ended'
      ? 'the snapshotter is not active; it takes its first snapshot, or waits after a failure'
      : `${code}, see the last errors`;
  }
  switch (response.status) {
    case 405:
      return 'no store is configured, or no healthy leader is known';
    case 502:
      return 'the leader broke off';
    default:
      return (await response.text()).trim() || `the server answers with ${response.status}`;
  }
}

function say(text: string, tone: string): void {
  const place = byId('result');
  place.textContent = text;
  place.className = tone;
}
