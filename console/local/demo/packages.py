"""Packages of the demo: small mini programs in WeChat's file layout, written by our own writer."""

from __future__ import annotations

import json
from io import BytesIO

from releases.package.writer import PackageWriter

PAGE_JS = """const trips = require('../../services/{service}')

Page({{
  data: {{ title: '{title}', items: [], updated: '' }},

  onLoad(query) {{
    this.load(query.id || 'all')
  }},

  async load(id) {{
    const items = await trips.list(id)
    this.setData({{ items, updated: new Date().toISOString() }})
  }},

  onPullDownRefresh() {{
    this.load('all').then(() => wx.stopPullDownRefresh())
  }},
}})
"""
PAGE_WXML = """<view class="page">
  <view class="title">{{{{title}}}}</view>
  <view wx:for="{{{{items}}}}" wx:key="id" class="row">{{{{item.name}}}}</view>
  <view class="hint">{title}, {{{{updated}}}}</view>
</view>
"""
PAGE_WXSS = ".page { padding: 24rpx; }\n.title { font-size: 36rpx; font-weight: 600; }\n.row { padding: 16rpx 0; }\n"
SERVICE_JS = """const base = 'https://api.{host}.example'

function list(id) {{
  return new Promise((resolve, reject) => {{
    wx.request({{ url: `${{base}}/v{major}/items/${{id}}`, success: (r) => resolve(r.data), fail: reject }})
  }})
}}

module.exports = {{ list, release: '{number}' }}
"""


def package_files(name: str, pages: list[str], number: str, rows: int) -> dict[str, bytes]:
    """Return the files of a mini program by path; `rows` of a table make later versions differ in size."""
    service = name.lower().replace(" ", "-")
    paths = [f"pages/{page}/index" for page in pages]
    manifest = {
        "pages": paths,
        "window": {"navigationBarTitleText": name, "navigationBarBackgroundColor": "#ffffff"},
        "sitemapLocation": "sitemap.json",
    }
    files = {
        "app.json": json.dumps(manifest, indent=2),
        "app.js": f"App({{ globalData: {{ name: '{name}', version: '{number}' }} }})\n",
        "app.wxss": "page { background: #f6f7f9; }\n",
        "sitemap.json": json.dumps({"rules": [{"action": "allow", "page": "*"}]}, indent=2),
        f"services/{service}.js": SERVICE_JS.format(
            host=service.replace("-", ""), major=number.split(".")[0], number=number
        ),
        "services/table.js": f"module.exports = [\n{_rows(rows)}]\n",
    }
    for page, path in zip(pages, paths, strict=True):
        title = f"{name}: {page}"
        files |= {
            f"{path}.js": PAGE_JS.format(service=service, title=title),
            f"{path}.wxml": PAGE_WXML.format(title=title),
            f"{path}.wxss": PAGE_WXSS,
            f"{path}.json": json.dumps({"enablePullDownRefresh": True}),
        }
    return {path: content.encode() for path, content in files.items()}


def _rows(count: int) -> str:
    return "".join(f"  [{row}, {row * 37 % 60}, '{chr(65 + row % 26)}{row % 7}'],\n" for row in range(count))


def pack(files: dict[str, bytes]) -> BytesIO:
    """Return the files as a zip."""
    out = BytesIO()
    writer = PackageWriter(out)
    for path in sorted(files):
        writer.add(path, [files[path]])
    writer.close()
    out.seek(0)
    return out
