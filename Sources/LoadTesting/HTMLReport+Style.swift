// The style sheet of the page: light and dark by the reader's choice, one column, and larger
// letters in the plots of a narrow screen.

extension HTMLReport {
    static let style = """
        :root{color-scheme:light dark;--back:#fff;--text:#1a1d21;--soft:#545d68;--line:#dfe3e8;\
        --box:#f5f6f8;--cool:#1f6feb;--warm:#9a5b00;--hot:#c0262d;--faint:#8a949f;--bad:#b3202a;\
        --good:#1a7f37}\
        @media(prefers-color-scheme:dark){:root{--back:#14171b;--text:#e7eaee;--soft:#a3adb8;\
        --line:#2f353d;--box:#1c2026;--cool:#6aa8ff;--warm:#f0b04a;--hot:#ff7b7b;--faint:#77818c;\
        --bad:#ff8a8a;--good:#57c97a}}\
        *{box-sizing:border-box}body{margin:0;background:var(--back);color:var(--text);\
        font:15px/1.5 system-ui,sans-serif}main{max-width:960px;margin:0 auto;padding:24px 16px}\
        h1{font-size:22px;margin:0 0 12px}h2{font-size:17px;margin:32px 0 4px}\
        small,.legend,.about,.tiles span{color:var(--soft);font-weight:400;font-size:13px}\
        .about{margin:0 0 6px}\
        .tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(120px,1fr));gap:8px;\
        margin-top:16px}.tiles div{background:var(--box);border-radius:8px;padding:10px 12px}\
        .tiles b{display:block;font-size:19px}.tiles span{display:block}\
        table{border-collapse:collapse;font-size:13px}.wide{overflow-x:auto}.wide table{width:100%}\
        th,td{padding:4px 10px;border-bottom:1px solid var(--line);text-align:right;\
        white-space:nowrap;font-variant-numeric:tabular-nums}thead th{color:var(--soft);\
        font-weight:600;vertical-align:bottom;white-space:normal;min-width:56px}\
        .wide th:first-child{position:sticky;left:0;background:var(--back)}\
        th:first-child,.text,.facts td{text-align:left}td{vertical-align:top}\
        td.text{white-space:normal;min-width:80px}\
        tbody th,.facts th{font-weight:600;vertical-align:top}\
        .facts td{white-space:normal;overflow-wrap:anywhere}\
        .good{color:var(--good);font-weight:600}.wrong{color:var(--bad);font-weight:700}\
        .legend span{margin-right:16px;white-space:nowrap}\
        .legend i{display:inline-block;width:18px;height:3px;margin-right:6px;\
        vertical-align:middle}svg{width:100%;height:auto;display:block}\
        svg text{fill:var(--soft);font-size:6.5px}\
        .grid{stroke:var(--line);stroke-width:.6}\
        .mark{stroke:var(--soft);stroke-width:.7;stroke-dasharray:3 2}\
        polyline{fill:none;stroke-width:1.1;stroke-linejoin:round}\
        @media(max-width:640px){svg text{font-size:11px}main{padding:16px 12px}\
        polyline{stroke-width:1.4}th,td{padding:4px 7px}}\
        summary{cursor:pointer;margin-top:32px}\
        pre{background:var(--box);border-radius:8px;padding:12px;overflow-x:auto;\
        font:12px/1.45 ui-monospace,monospace}\
        .bad{border:2px solid var(--bad);color:var(--bad);border-radius:8px;padding:8px 12px;\
        font-weight:700}.note{border-left:3px solid var(--warm);padding:2px 12px;\
        color:var(--soft);margin:8px 0}\
        @media print{.wide{overflow:visible}section{break-inside:avoid}}
        """
}
