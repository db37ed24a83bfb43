"""Ranges, scales and values as texts."""

import math

import pytest

from emulator.runtime.tuning.space import SpaceError, read_space


def integers(low, high, scale="Linear", name="depth"):
    given = {"Name": name, "MinValue": low, "MaxValue": high, "ScalingType": scale}
    return {"IntegerParameterRanges": [given]}


def floats(low, high, scale: str | None = "Linear", name="rate"):
    given = {"Name": name, "MinValue": low, "MaxValue": high, "ScalingType": scale}
    return {"ContinuousParameterRanges": [given]}


def texts(*values, name="kind"):
    return {"CategoricalParameterRanges": [{"Name": name, "Values": list(values)}]}


def only(ranges):
    (parameter,) = read_space(ranges).parameters
    return parameter


@pytest.mark.parametrize(
    ("ranges", "values"),
    [
        (integers("1", "4"), ["1", "2", "3", "4"]),
        (integers("1", "1000", "Logarithmic"), ["1", "3", "22", "150"]),
        (floats("0", "1"), ["0", "0.25", "0.5", "0.75"]),
        (floats("0.01", "100", "Logarithmic"), ["0.01", "0.1", "1", "10"]),
        (floats("0", "0.9999", "ReverseLogarithmic"), ["0", "0.9", "0.99", "0.999"]),
        (texts("a", "b"), ["a", "a", "b", "b"]),
    ],
)
def test_a_fraction_of_a_range_is_a_value_by_the_scale(ranges, values):
    found = [only(ranges).at(fraction) for fraction in (0, 0.25, 0.5, 0.75)]
    if "ContinuousParameterRanges" in ranges:
        found = [f"{float(value):.9g}" for value in found]
    assert found == values


@pytest.mark.parametrize(
    ("low", "high", "is_logarithmic"),
    [("0.001", "1", True), ("0.01", "1", False), ("0", "1000", False), ("1", "1000", True)],
)
def test_auto_is_logarithmic_over_three_orders_of_magnitude(low, high, is_logarithmic):
    assert only(floats(low, high, "Auto")).dimension["log"] is is_logarithmic
    assert only(floats(low, high, None)).dimension["log"] is is_logarithmic


@pytest.mark.parametrize(
    "ranges",
    [
        integers("-3", "5"),
        integers("1", "4096", "Logarithmic"),
        floats("0.1", "0.2"),
        floats("1e-6", "1", "Logarithmic"),
        floats("0.5", "0.999", "ReverseLogarithmic"),
    ],
)
def test_values_stay_in_their_range_and_lie_where_a_sampler_puts_them(ranges):
    parameter = only(ranges)
    dimension = parameter.dimension
    (((given,),),) = [list(ranges.values())]
    lowest, highest = float(given["MinValue"]), float(given["MaxValue"])
    assert dimension["low"] < dimension["high"]
    for fraction in (0, 0.1, 0.5, 0.9, math.nextafter(1, 0)):
        text = parameter.at(fraction)
        assert lowest <= float(text) <= highest
        coordinate = parameter.coordinate(text)
        assert dimension["low"] <= coordinate <= dimension["high"]
        assert float(parameter.text(coordinate)) == pytest.approx(float(text))


def test_a_space_places_values_inside_it_only():
    space = read_space({**integers("1", "9"), **floats("0", "1"), **texts("a", "b")})
    values = {"depth": "3", "rate": "0.5", "kind": "b"}
    found = space.coordinates(values) or {}
    assert found == {"depth": 3, "rate": 0.5, "kind": "b"}
    assert space.texts(found) == values
    for outside in ({"depth": "10"}, {"rate": "-1"}, {"kind": "c"}, {"depth": "x"}):
        assert space.coordinates({**values, **outside}) is None
    assert space.coordinates({"depth": "3"}) is None


def test_combinations_are_counted():
    assert read_space({**integers("1", "4"), **texts("a", "b")}).combinations == 8
    assert read_space({**integers("1", "4"), **floats("0", "1")}).combinations == math.inf


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        ({}, "at least one range"),
        (integers("5", "5"), "'depth' must have a MinValue below its MaxValue, got 5 and 5"),
        (floats("2", "1"), "'rate' must have a MinValue below its MaxValue, got 2 and 1"),
        (integers("1.5", "2"), "MinValue of 'depth' must be an integer, got '1.5'"),
        (floats("0", "nan"), "MaxValue of 'rate' must be a number, got 'nan'"),
        (floats("", "1"), "MinValue of 'rate' must be a number, got ''"),
        (floats("0", "1", "Logarithmic"), "'rate' must be above 0 for a Logarithmic scale"),
        (floats("0", "1", "ReverseLogarithmic"), "from 0 to below 1"),
        (floats("-0.5", "0.5", "ReverseLogarithmic"), "from 0 to below 1"),
        (integers("0", "1", "ReverseLogarithmic"), "must be continuous"),
        (texts("a"), "two or more different values, got ['a']"),
        (texts("a", "a"), "two or more different values"),
        ({**integers("1", "2", name="x"), **floats("1", "2", name="x")}, "'x' must have one range"),
    ],
)
def test_fails_on_ranges_that_nothing_can_be_searched_in(ranges, message):
    with pytest.raises(SpaceError) as raised:
        read_space(ranges)
    assert message in str(raised.value)


def test_fails_on_more_than_thirty_ranges_in_all():
    def ranges(count):
        given = [integers("1", "9", name=f"i{i}") for i in range(count - 1)]
        return {
            "IntegerParameterRanges": [one["IntegerParameterRanges"][0] for one in given],
            **texts("a", "b"),
        }

    assert len(read_space(ranges(30)).parameters) == 30
    with pytest.raises(SpaceError, match="at most 30 ranges in all, got 31"):
        read_space(ranges(31))
