"""How Sphinx builds these pages (`make docs`). They are plain Markdown first, and read as well on a forge."""

from importlib import metadata

project = "Backscroll"
release = metadata.version("backscroll")
extensions = ["myst_parser"]
html_theme = "furo"
html_title = f"{project} {release}"
html_show_sphinx = False
html_copy_source = False

# Anchors as a forge makes them, so that a link works in both places.
myst_heading_anchors = 4
nitpicky = True
# Examples leave out with "…" what does not matter, and are no JSON then.
suppress_warnings = ["misc.highlighting_failure"]
