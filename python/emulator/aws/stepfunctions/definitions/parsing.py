"""Parsing definitions: each of them once, with separate state, one at a time."""

import functools
import json
import threading
from typing import Any

from antlr4.atn.PredictionMode import PredictionMode
from moto.stepfunctions.parser.asl.antlr.runtime.ASLParser import ASLParser
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.parse import asl_parser
from moto.stepfunctions.parser.asl.parse.asl_parser import (
    AmazonStateLanguageParser,
    ASLParserException,
)
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor

from emulator.aws.patching import replace
from emulator.aws.stepfunctions.definitions.dialect import for_grammar

# ANTLR's parsers share their learned tables per class, without a lock.
_ONE_AT_A_TIME = threading.RLock()

_REMEMBERED = 32
"""Parsed definitions; moto would parse one four times at creation, and at each execution."""


def install() -> None:
    """Keep the parsing of one definition, valid or not, from affecting that of another."""
    replace(Preprocessor, "__init__", _initialize)
    parse = AmazonStateLanguageParser.parse

    # A parsed program does not change: an execution's data is in its environment.
    @functools.lru_cache(_REMEMBERED)
    def parse_once(definition: str) -> Any:
        text = json.dumps(for_grammar(json.loads(definition)), ensure_ascii=False)
        replace(asl_parser, "ASLParser", _quick_parser)
        try:
            return parse(text)
        except ASLParserException:
            replace(asl_parser, "ASLParser", ASLParser)
            return parse(text)

    def parse_alone(definition: str) -> Any:
        with _ONE_AT_A_TIME:
            return parse_once(definition)

    replace(AmazonStateLanguageParser, "parse", staticmethod(parse_alone))
    replace(EvalComponent, "heap_key", property(_heap_key))


def _quick_parser(stream: Any) -> Any:
    # ANTLR's quick mode refuses a few definitions that the full mode reads.
    parser = ASLParser(stream)
    parser._interp.predictionMode = PredictionMode.SLL
    return parser


def _initialize(self: Any) -> None:
    # moto has one shared stack, on which a refused definition leaves entries.
    self._query_language_per_scope = []


def _heap_key(self: Any) -> str:
    # Branches share components, and would race to create a key on first use.
    return str(id(self))
