"""Sphinx configuration: `make docs` builds the documentation into docs/_build/html, offline."""

import re
import sys
import warnings
from pathlib import Path

import matplotlib
from docutils import nodes

matplotlib.use("agg")

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path[:0] = [str(HERE), str(ROOT)]

import skae

# -- project ---------------------------------------------------------------------------------

project = "skae"
author = "The skae developers"
copyright = author
version = release = skae.__version__
language = "en"

# -- pages -----------------------------------------------------------------------------------

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
# performance.md includes speed_table.md
exclude_patterns = ["_build", "README.md", "**/*.py", "guide/speed_table.md"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
# Single backticks in docstrings mark names, as in scikit-learn.
default_role = "literal"
# Blocks without a language are formulas.
highlight_language = "text"

# -- reference -------------------------------------------------------------------------------

autosummary_generate = True
autodoc_default_options = {"members": False}
autodoc_typehints = "none"
autodoc_preserve_defaults = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
numpydoc_xref_param_type = False

# -- gallery ---------------------------------------------------------------------------------

sphinx_gallery_conf = {
    "examples_dirs": str(ROOT / "examples"),
    "gallery_dirs": "auto_examples",
    # Every script is executed; an error in one of them fails the build.
    "filename_pattern": r"\.py$",
    "ignore_pattern": r"__init__\.py",
    "within_subsection_order": "gallery_order.PlaceInGallery",
    "doc_module": ("skae",),
    "reference_url": {"skae": None},
    "backreferences_dir": "api/backreferences",
    "inspect_global_variables": False,
    "download_all_examples": False,
    # Shows the HTML diagram of an estimator at the end of a block, but no plain representations.
    "capture_repr": ("_repr_html_",),
    "matplotlib_animations": False,
    "min_reported_time": 0,
    "show_memory": False,
    # The pages of computation times load scripts from external hosts.
    "write_computation_times": False,
    "remove_config_comments": True,
    "thumbnail_size": (400, 280),
}

# -- appearance ------------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = "skae"
html_static_path = ["_static"]
html_css_files = ["skae.css"]
html_favicon = "_static/favicon.svg"
html_context = {"default_mode": "auto"}
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "navbar_end": ["theme-switcher"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
pygments_style = "sphinx"

# The Agg backend cannot show figures; sphinx-gallery saves them instead.
warnings.filterwarnings("ignore", message=".*non-interactive.*", category=UserWarning)


def link_to_gallery(app, docname, source):
    """Replace links to scripts in examples/, which work in a file browser, by gallery pages."""
    source[0] = re.sub(
        r"\]\((?:\.\./)+examples/(\w+)\.py\)", r"](/auto_examples/\1.rst)", source[0]
    )


def remove_scikit_learn_references(app, what, name, obj, options, lines):
    """Remove references to scikit-learn's glossary and labels from inherited docstrings."""
    if (getattr(obj, "__module__", None) or "").startswith("sklearn."):
        lines[:] = [
            re.sub(r":(?:ref|term):`([^`<]+?)\s*(?:<[^>]+>)?`", r"\1", line) for line in lines
        ]


def drop_dead_backlinks(app, doctree, docname):
    """Remove back links of citations to nodes that numpydoc creates for LaTeX only."""
    ids = {id_ for node in doctree.findall(nodes.Element) for id_ in node.get("ids", ())}
    for citation in doctree.findall(nodes.citation):
        citation["backrefs"] = [id_ for id_ in citation["backrefs"] if id_ in ids]


def setup(app):
    """Register the event handlers; called by Sphinx."""
    app.connect("doctree-resolved", drop_dead_backlinks)
    app.connect("autodoc-process-docstring", remove_scikit_learn_references)
    app.connect("source-read", link_to_gallery)
