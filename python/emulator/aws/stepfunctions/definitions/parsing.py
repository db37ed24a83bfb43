"""Parsing definitions: once each, with a state of its own, one at a time."""

import functools
import json
import threading
from typing import Any

from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor

from emulator.aws.patching import replace
from emulator.aws.stepfunctions.definitions.dialect import for_grammar

# The tables that ANTLR's parsers learn belong to their classes, and nothing guards them.
_ONE_AT_A_TIME = threading.RLock()

_REMEMBERED = 32
"""Definitions; moto would parse one four times when it is created, and once an execution."""


def install() -> None:
    """Keep one definition, refused or not, from deciding how another one is read."""
    replace(Preprocessor, "__init__", _initialize)
    parse = AmazonStateLanguageParser.parse

    # Nothing changes a program once it is parsed: what an execution knows is in its environment.
    @functools.lru_cache(_REMEMBERED)
    def parse_once(definition: str) -> Any:
        return parse(json.dumps(for_grammar(json.loads(definition)), ensure_ascii=False))

    def parse_alone(definition: str) -> Any:
        with _ONE_AT_A_TIME:
            return parse_once(definition)

    replace(AmazonStateLanguageParser, "parse", staticmethod(parse_alone))
    replace(EvalComponent, "heap_key", property(_heap_key))


def _initialize(self: Any) -> None:
    # moto has one stack for all, which a refused definition leaves as it was when it was refused.
    self._query_language_per_scope = []


def _heap_key(self: Any) -> str:
    # Branches share their components, and would race for a key that is drawn on first use.
    return str(id(self))
