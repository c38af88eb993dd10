import { escapedHtml } from '../../src/cli/output/escaped-html.ts';
import { lines, type RecordedStep } from './recorded.ts';

/** Characters in a line of the picture. */
const COLUMNS = 108;
/** Size of one character, px. */
const CELL = { width: 7.8, height: 18 } as const;
const MARGIN = 16;

/** The picture of a terminal in which the steps were typed, as SVG: text that can be selected, without scripts. */
export function terminalPicture(recorded: readonly RecordedStep[]): string {
  const rows = recorded
    .filter(({ inPicture }) => inPicture !== false)
    .flatMap(({ types, output }) => [
      ...types.split('\n').map((text) => ({ text: `$ ${text}`, style: 'typed' })),
      ...lines(output).map((text) => ({ text, style: 'said' })),
      { text: '', style: 'said' },
    ]);
  const [width, height] = [COLUMNS * CELL.width + 2 * MARGIN, (rows.length + 1) * CELL.height + 2 * MARGIN + 20];
  const drawn = rows.map(({ text, style }, at) => {
    const shown = text.length > COLUMNS ? `${text.slice(0, COLUMNS - 1)}…` : text;
    return `<text class="${style}" x="${MARGIN}" y="${MARGIN + 20 + (at + 1) * CELL.height}" xml:space="preserve">${escapedHtml(shown)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${Math.ceil(width)} ${height}" role="img" aria-label="A terminal in which etcdbrctl backs up an etcd and restores it">
<style>text{font:13px ui-monospace,"DejaVu Sans Mono",Menlo,monospace}.typed{fill:#8ab4f8;font-weight:700}.said{fill:#e8eaed}</style>
<rect width="100%" height="100%" rx="8" fill="#181d24"/>
<g fill="#545d68"><circle cx="20" cy="18" r="5"/><circle cx="38" cy="18" r="5"/><circle cx="56" cy="18" r="5"/></g>
${drawn.join('\n')}
</svg>
`;
}
