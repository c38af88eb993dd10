import {
  countStates,
  type FleetReport,
  type PrefixState,
  prefixStates,
  stateOf,
} from '../../operations/fleet/fleet-report.ts';
import type { PrefixReport } from '../../operations/fleet/prefix-report.ts';
import { countText, formatBytes, formatCount } from '../../runtime/log/amount.ts';
import { printable } from '../../runtime/log/printable.ts';
import { escapedHtml } from './escaped-html.ts';
import { ageText, growthText, lastRunLines, proofText, remarksOn, shareText } from './fleet.ts';

const style = `
:root{color-scheme:light dark;--line:#8884;--good:#1a7f37;--bad:#c62828;--page:#fff;--text:#1b1b1b}
@media(prefers-color-scheme:dark){:root{--good:#5fd37e;--bad:#ff8a80;--page:#121212;--text:#eee}}
html{background:var(--page);color:var(--text)}
body{font:15px/1.45 system-ui,sans-serif;margin:0 auto;max-width:76rem;padding:1rem}
h1{font-size:1.3rem;overflow-wrap:anywhere}
.states{display:flex;flex-wrap:wrap;gap:.5rem;padding:0;list-style:none}
.states li{border:1px solid var(--line);border-radius:.4rem;padding:.3rem .7rem}
.states b{font-size:1.2rem;margin-right:.4rem}
table{border-collapse:collapse;width:100%}
th,td{border-bottom:1px solid var(--line);padding:.35rem .5rem;text-align:right;vertical-align:top}
th:first-child,td:first-child,th:nth-child(2),td:nth-child(2){text-align:left}
td:first-child{overflow-wrap:anywhere}
td:not(:first-child){white-space:nowrap}
.state{font-weight:600;color:var(--bad)}.sound .state{color:var(--good);font-weight:400}
.remark{display:block;font-size:.85rem;font-weight:400;overflow-wrap:anywhere;opacity:.85}
@media(max-width:44rem){
thead{display:none}
table,tbody,tr,td{display:block}
tr{border:1px solid var(--line);border-radius:.5rem;margin:.6rem 0;padding:.4rem}
td{border:0;display:flex;justify-content:space-between;gap:1rem;padding:.15rem .3rem;text-align:right}
td:first-child{display:block;font-weight:600;text-align:left}
td:not(:first-child)::before{content:attr(data-title);color:var(--text);font-weight:400;opacity:.75}
}`;

const titles = ['Cluster', 'State', 'Revision', 'Age', 'Chain', 'Size', 'Growth a day', 'Proved'] as const;

/** A fleet as one page: no script, and nothing that is fetched. What is wrong comes first. */
export function fleetHtml(report: FleetReport): string {
  const { prefixes, location, at } = report;
  const counts = countStates(prefixes);
  const ordered = prefixes.toSorted((a, b) => prefixStates.indexOf(stateOf(a)) - prefixStates.indexOf(stateOf(b)));
  const states = prefixStates.filter((state) => counts[state] > 0);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none';style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>Backups in ${text(location)}</title>
<style>${style}
</style>
</head>
<body>
<h1>Backups in ${text(location)}</h1>
<p>${countText(prefixes.length, 'cluster')}${text(shareText(report))}, ${text(new Date(at).toISOString().slice(0, 16).replace('T', ' '))} UTC</p>
<ul class="states">${states.map((state) => `<li><b>${formatCount(counts[state])}</b>${state}</li>`).join('')}</ul>
${lastRunLines(report)
  .map((line) => `<p>${text(line)}</p>`)
  .join('\n')}
<table>
<thead><tr>${titles.map((title) => `<th scope="col">${title}</th>`).join('')}</tr></thead>
<tbody>
${ordered.map((each) => row(each, at)).join('\n')}
</tbody>
</table>
</body>
</html>
`;
}

function row(prefix: PrefixReport, at: number): string {
  const { newest, growthPerDay, proof } = prefix;
  const state: PrefixState = stateOf(prefix);
  const cells = [
    state,
    newest === undefined ? '–' : String(newest.revision),
    newest === undefined ? '–' : ageText(newest.takenOn, at),
    newest === undefined ? '–' : formatCount(newest.snapshots),
    newest === undefined ? '–' : formatBytes(newest.bytes),
    growthText(growthPerDay),
    proofText(proof, at),
  ];
  const remarks = remarksOn(prefix).map((remark) => `<span class="remark">${text(remark)}</span>`);
  const name = prefix.prefix === '' ? '(no prefix)' : prefix.prefix;
  const [, ...others] = titles;
  return `<tr class="${state}"><td>${text(name)}${remarks.join('')}</td>${cells
    .map(
      (cell, index) =>
        `<td data-title="${others[index] ?? ''}"${index === 0 ? ' class="state"' : ''}>${text(cell)}</td>`,
    )
    .join('')}</tr>`;
}

/** Text of others, as text: nothing in it is markup, and all of it can be seen. */
function text(of: string): string {
  return escapedHtml(printable(of));
}
