"""Definitions of figures: the marks of the templates, the page, REST, the command and the documentation say the same."""

import json
import re
from pathlib import Path

import musterroll.web
import pytest
from click.testing import CliRunner
from musterroll.commands.definitions import definitions, reference
from musterroll.domain.definitions import DEFINITIONS

from tests.server.web.conftest import Visitor

_TEMPLATES = Path(musterroll.web.__file__).parent / "templates"
_MARK = re.compile(r'parts\.define\("(\w+)"\)')
_RATE = re.compile(r'\{\{ rate\("[^"]+", "(\w+)"')
_SHOWN = re.compile(r'popovertarget="(definition-\w+)"')
_ID = re.compile(r'id="(definition-\w+)"')


def test_the_marks_of_the_templates_and_the_definitions_are_the_same_figures() -> None:
    texts = [template.read_text() for template in _TEMPLATES.glob("*.html")]
    assert {key for text in texts for pattern in (_MARK, _RATE) for key in pattern.findall(text)} == DEFINITIONS.keys()


def test_the_documentation_has_the_same_definitions() -> None:
    page = Path(__file__).parents[4] / "docs" / "definitions.md"
    assert page.read_text() == reference(), "make it again: musterroll definitions > docs/definitions.md"


def test_the_page_rest_and_the_command_have_every_definition(visitor: Visitor) -> None:
    page, items = visitor.get("/definitions").text, visitor.get("/api/v1/definitions").json["items"]
    assert items == json.loads(CliRunner().invoke(definitions, ["--json"]).stdout)
    assert [item["key"] for item in items] == list(DEFINITIONS)
    assert all(f'id="{key}"' in page for key in DEFINITIONS)


@pytest.mark.parametrize(
    "address", ["/installed-base", "/licences", "/renewals", "/worth", "/customers", "/usage", "/capacity", "/reconciliation"]
)
def test_each_mark_of_a_page_opens_a_definition_of_its_own(visitor: Visitor, address: str) -> None:
    page = visitor.get(address).text
    assert sorted(_SHOWN.findall(page)) == sorted(set(_ID.findall(page)))
    assert len(_ID.findall(page)) == len(set(_ID.findall(page)))
