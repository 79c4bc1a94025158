/** Colours for light and dark; paper is light. Contrasts of text are 4.5 or more. */
const LIGHT = `--ink:#1d2329;--quiet:#59636e;--line:#d3d9e0;--grid:#e9edf1;--paper:#ffffff;--panel:#f5f7f9;--main:#1c5d99;--second:#a8501b;--band:#f6dcd6;--alarm:#f5e6c4;--mark:#a3261b`;
const DARK = `--ink:#e3e8ed;--quiet:#9aa6b2;--line:#3b454f;--grid:#283038;--paper:#14181c;--panel:#1c2228;--main:#6fb1ee;--second:#e39a63;--band:#4a2622;--alarm:#42361a;--mark:#f0776a`;

const PALETTE = `:root{color-scheme:light dark;${LIGHT}}
@media (prefers-color-scheme:dark){:root{${DARK}}}
@media print{:root{color-scheme:light;${LIGHT}}}`;

const FONT = `system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif`;

/** Of everything within a plot. */
const PLOT = `svg.plot{font:12px ${FONT};fill:var(--ink);max-width:100%;height:auto;display:block}
svg.plot .paper{fill:var(--paper)}
svg.plot .axis{stroke:var(--quiet);fill:none}
svg.plot .grid{stroke:var(--grid);fill:none}
svg.plot .tick{fill:var(--quiet);font-size:11px;font-variant-numeric:tabular-nums}
svg.plot .name{fill:var(--ink)}
svg.plot .quiet{fill:var(--quiet)}
svg.plot .diagonal{stroke:var(--quiet);stroke-dasharray:4 4;fill:none}
svg.plot .curve{stroke:var(--main);stroke-width:2;fill:none;stroke-linejoin:round}
svg.plot .curve.second{stroke:var(--second)}
svg.plot .point{fill:var(--main)}
svg.plot .point.second{fill:var(--second)}
svg.plot .whisker{stroke:var(--main);stroke-width:1.5;fill:none}
svg.plot .whisker.second{stroke:var(--second)}
svg.plot .bar{fill:var(--main);fill-opacity:.35}
svg.plot .used{fill:var(--paper);stroke:var(--mark);stroke-width:2}
svg.plot .onset{stroke:var(--mark);stroke-width:1.5}
svg.plot .box{fill:var(--panel);stroke:var(--main);stroke-width:1.5}
svg.plot .event{fill:var(--band)}
svg.plot .event.alarm{fill:var(--alarm)}
svg.plot .eeg{stroke:var(--ink);stroke-width:.7;fill:none;stroke-linejoin:round}
svg.plot .probability{stroke:var(--main);stroke-width:1.2;fill:none;stroke-linejoin:round}
svg.plot .threshold{stroke:var(--mark);stroke-dasharray:5 3;fill:none}
svg.plot .threshold.off{stroke:var(--quiet)}
svg.plot .scalebar{stroke:var(--ink);stroke-width:1.5}`;

const PAGE = `*{box-sizing:border-box}
body{font:15px/1.5 ${FONT};color:var(--ink);background:var(--paper);margin:0 auto;padding:32px 24px 64px;max-width:1180px}
h1{font-size:26px;line-height:1.25;margin:0 0 4px}
h2{font-size:19px;margin:40px 0 8px;padding-bottom:4px;border-bottom:1px solid var(--line)}
h3{font-size:15px;margin:24px 0 4px}
p{margin:6px 0;max-width:82ch}
.subject{color:var(--quiet);overflow-wrap:anywhere}
.quiet{color:var(--quiet)}
.badges{margin:12px 0}
.badge{display:inline-block;border:1px solid var(--line);border-radius:4px;padding:1px 9px;margin:0 6px 6px 0;font-size:13px;background:var(--panel)}
.badge.warning{border-color:var(--mark);color:var(--mark);font-weight:600}
table{border-collapse:collapse;margin:10px 0;font-size:14px}
th,td{text-align:left;padding:4px 14px 4px 0;border-bottom:1px solid var(--grid);vertical-align:top}
th{color:var(--quiet);font-weight:600;border-bottom-color:var(--line)}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.text{overflow-wrap:anywhere}
td.text:first-child{min-width:9.5em}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(520px,100%),1fr));gap:16px 32px;align-items:start}
figure{margin:10px 0 22px;break-inside:avoid}
figcaption{font-size:13.5px;color:var(--quiet);margin-bottom:4px;overflow-wrap:anywhere}
figcaption strong{color:var(--ink)}
code{font-size:13px;overflow-wrap:anywhere}
ul{padding-left:20px;margin:6px 0}
@media print{body{padding:0;max-width:none;font-size:11pt}.plots{grid-template-columns:1fr 1fr;gap:12px}h2{break-after:avoid}tr{break-inside:avoid}thead{display:table-header-group}}`;

export const PLOT_STYLE = `${PALETTE}\n${PLOT}`;
export const PAGE_STYLE = `${PALETTE}\n${PLOT}\n${PAGE}`;
