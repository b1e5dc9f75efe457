//! How the page looks: one sheet, light and dark as the reader's system says, fit for print.

/// The style sheet of the page.
pub const STYLE: &str = r"
:root {
  color-scheme: light dark;
  --paper: #f6f7f9; --card: #ffffff; --ink: #1b2330; --soft: #566173; --faint: #667085; --line: #e3e7ee;
  --bar: #4c78d8; --bar-soft: #cfdcf7; --good: #1f9d6b; --warn: #c77700; --bad: #cf3b3b; --chip: #eef2f9;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #11151c; --card: #1a202a; --ink: #e6eaf1; --soft: #a3aec0; --faint: #8d99ad; --line: #2a3240;
    --bar: #7aa2f7; --bar-soft: #2d3d5f; --good: #57c794; --warn: #e5a64b; --bad: #f0716f; --chip: #242c39;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', sans-serif; }
main { max-width: 1200px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 40px 0 12px; }
h3 { font-size: 16px; margin: 0; overflow-wrap: anywhere; }
h4 { font-size: 12px; font-weight: 600; color: var(--soft); margin: 0 0 6px; }
code, .mono { font-family: ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; font-size: 13px; }
.soft { color: var(--soft); }
.lead { color: var(--soft); margin: 4px 0 20px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px; }
.tile, .card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.tile { padding: 14px 16px; }
.tile b { display: block; font-size: 24px; line-height: 1.25; font-weight: 650; font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: 13px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-size: 12px; font-weight: 600; color: var(--soft); padding: 10px 10px; border-bottom: 1px solid var(--line); white-space: nowrap; }
td { padding: 7px 10px; font-size: 14px; border-bottom: 1px solid var(--line); vertical-align: middle; }
tr:last-child td { border-bottom: 0; }
td.one { white-space: nowrap; }
td.right, th.right { text-align: right; white-space: nowrap; }
a { color: inherit; text-decoration: none; }
a:focus-visible, .scroll:focus-visible { outline: 2px solid var(--bar); outline-offset: 2px; border-radius: 3px; }
a:hover { color: var(--bar); }
.chip { display: inline-block; border-radius: 99px; background: var(--chip); color: var(--soft); padding: 1px 9px; font-size: 12px; white-space: nowrap; }
.chip.key { color: var(--good); } .chip.personal { color: var(--warn); } .chip.bad { color: var(--bad); }
.card { padding: 18px 20px; margin-bottom: 14px; scroll-margin-top: 12px; }
.head { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; margin-bottom: 14px; }
.body { display: grid; grid-template-columns: minmax(220px, 1fr) minmax(260px, 1.5fr) minmax(230px, 1.4fr); gap: 14px 32px; }
.body.two { grid-template-columns: minmax(220px, 1fr) minmax(260px, 2.9fr); }
@media (max-width: 820px) { .body, .body.two { grid-template-columns: 1fr; } .body.two svg.chart { height: 140px; } }
@media (max-width: 600px) {
  main { padding: 20px 12px 48px; }
  .wide tr > :first-child { position: sticky; left: 0; background: var(--card); }
  .wide tr > :nth-child(2) { display: none; }
}
dl { display: grid; grid-template-columns: auto 1fr; gap: 3px 14px; margin: 0; align-content: start; }
dt { color: var(--soft); font-size: 13px; white-space: nowrap; }
dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
svg { display: block; width: 100%; }
svg rect.bar { fill: var(--bar); } svg rect.bar:hover { fill: var(--ink); }
svg rect.box { fill: var(--bar-soft); } svg line { stroke: var(--soft); }
svg.spark { width: 104px; height: 24px; }
.body.two svg.chart { height: 230px; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.axis { display: flex; justify-content: space-between; gap: 12px; color: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; margin-top: 3px; }
.share { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 0 10px; position: relative; padding: 1px 6px; margin-bottom: 2px; font-size: 13px; border-radius: 3px; }
.share i { position: absolute; inset: 0 auto 0 0; background: var(--bar-soft); border-radius: 3px; }
.share span { position: relative; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.share span + span { color: var(--soft); font-variant-numeric: tabular-nums; }
.meter { display: block; height: 6px; width: 72px; border-radius: 3px; background: var(--bar-soft); overflow: hidden; }
.meter i { display: block; height: 100%; background: var(--bar); }
.finding { margin: 14px 0 0; padding: 8px 12px; border-radius: 6px; background: var(--chip); font-size: 13px; overflow-wrap: anywhere; }
.finding + .finding { margin-top: 6px; }
footer { color: var(--faint); font-size: 13px; margin-top: 32px; }
@media print { body { background: none; } .card, .tile { break-inside: avoid; } main { max-width: none; padding: 0; } }
";
