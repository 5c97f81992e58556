"""The style sheet of the report: readable on a desk, on a phone, in the dark and on paper."""

STYLE = """
:root{color-scheme:light dark;--ink:#1a1a1a;--soft:#5c5c5c;--line:#dcdcdc;--back:#fff;--card:#f6f7f9;
--link:#00598c;--good:#00684c;--bad:#a83b00}
@media(prefers-color-scheme:dark){:root{--ink:#e8e8e8;--soft:#a9a9a9;--line:#3a3d42;--back:#16181b;
--card:#1f2226;--link:#7cc4ee;--good:#5fd0a8;--bad:#ff9a5c}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
body{margin:0;background:var(--back);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",
Roboto,"Helvetica Neue",sans-serif}
main,header,nav,footer{max-width:56rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2.5rem}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 .4rem}
h2{font-size:1.35rem;margin:3rem 0 .6rem;padding-top:1rem;border-top:1px solid var(--line)}
h3{font-size:1.08rem;margin:2rem 0 .4rem}
p,li{max-width:44rem}
a{color:var(--link)}
.lead{font-size:1.1rem;color:var(--soft);margin:.2rem 0 1.2rem}
nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;list-style:none;padding:0;margin:0}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));
gap:.8rem;margin:1.4rem 0;padding:0}
.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.8rem 1rem}
.card b{display:block;font-size:1.5rem;line-height:1.25;font-variant-numeric:tabular-nums}
.card span{color:var(--soft);font-size:.88rem}
.scroll{overflow-x:auto;margin:.8rem 0 1.4rem;-webkit-overflow-scrolling:touch}
.scroll:focus-visible{outline:2px solid var(--link)}
table{border-collapse:collapse;font-size:.86rem;font-variant-numeric:tabular-nums}
.caption{color:var(--soft);font-size:.86rem;margin:.6rem 0 0}.caption+.scroll{margin-top:.3rem}
th,td{padding:.32rem .7rem .32rem 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:top;
white-space:nowrap}
thead th{border-bottom:2px solid var(--line);white-space:normal;vertical-align:bottom}
tbody th{font-weight:600}
td.n,th.n{text-align:right}
td.w{white-space:normal;min-width:15rem}
figure{margin:1.4rem 0 2.2rem}
figure .scroll{margin:0;background:#fff;border:1px solid var(--line);border-radius:8px;padding:.6rem}
figure img{display:block;height:auto;max-width:100%;margin:0 auto}
figcaption{font-size:.88rem;color:var(--soft);margin-top:.5rem;max-width:46rem}
figcaption b{color:var(--ink)}
.good{color:var(--good);font-weight:600}.bad{color:var(--bad);font-weight:600}
.warn{border-left:4px solid var(--bad);background:var(--card);padding:.6rem 1rem;border-radius:0 8px 8px 0}
.finding{display:grid;grid-template-columns:6.2rem 1fr 1.3fr 9rem;gap:0 1.1rem;padding:.55rem 0;
border-bottom:1px solid var(--line);font-size:.9rem;line-height:1.45}
.finding p{margin:0}
details{margin:.8rem 0;border:1px solid var(--line);border-radius:8px;padding:.1rem .9rem}
details>summary{cursor:pointer;padding:.5rem 0;font-weight:600}
pre{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.8rem 1rem;overflow-x:auto;
font-size:.84rem;line-height:1.45}
code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.92em}
footer{color:var(--soft);font-size:.86rem;padding:2rem 1.25rem 3rem}
@media(max-width:40rem){h1{font-size:1.5rem}h2{font-size:1.2rem}header{padding-top:1.4rem}
.cards{grid-template-columns:1fr 1fr}
.finding{grid-template-columns:1fr;gap:.25rem}.finding p:nth-of-type(2){color:var(--soft)}
.card b{font-size:1.2rem}figure img.wide{max-width:none;width:42rem}}
@media print{:root{--back:#fff;--ink:#000;--soft:#333;--card:#fff;--line:#bbb}nav{display:none}
body{font-size:10pt}table{font-size:7.5pt}td,th{white-space:normal}td.w{min-width:9rem}
.finding{grid-template-columns:4.4rem 1fr 1.7fr 5.6rem;font-size:8.5pt;break-inside:avoid}
figure,tr{break-inside:avoid}h2,h3{break-after:avoid}.scroll{overflow:visible}}
"""
