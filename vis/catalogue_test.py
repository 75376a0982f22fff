import pytest

from catalogue import SHIPPED, NotACatalogue, read_prices


def read(path):
    said = []
    prices, _ = read_prices(path, said.append)
    return prices, said


def test_the_shipped_one():
    prices, said = read(SHIPPED)
    assert said == [] and len(prices) == 76
    assert prices["c6g.medium"] == 0.034 and prices["g4dn.xlarge"] == 0.526


def test_bad_rows_are_named_by_line_and_left_out(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text(
        "usd_per_hour,instance,vcpu,colour\n"
        "0.11,rack,8,red\n"
        ",unknown,,\n"
        "cheap,wrong,,\n"
        "-1,negative,,\n"
        "0.2,rack,,\n"
        "0.3,,,\n"
        "0.4,long,1,red,more\n"
        "0.5,cores,many,\n"
        "inf,endless,,\n"
        "0,gift,,\n"
    )
    prices, said = read(path)
    assert prices == {"rack": 0.11, "gift": 0.0}
    assert [line.split(": ")[0].split()[-1] for line in said] == list("456789") + ["10"]


def test_a_price_has_the_date_and_region_of_its_own_row(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text(
        "instance,usd_per_hour,price_date,region\n"
        "c5.large,0.085,2026-07-20,us-east-1\n"
        "c5.large,0.097,2025-01-01,eu-west-1\n"
        "rack,0.1,,\n"
        "odd,cheap,2025-01-01,\n"
    )
    prices, notes = read_prices(path, lambda sentence: None)
    assert prices == {"c5.large": 0.085, "rack": 0.1}
    assert notes == {"c5.large": "2026-07-20, us-east-1", "rack": ""}


def test_no_catalogue(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("instance,price\na,1\n")
    with pytest.raises(NotACatalogue, match="no column usd_per_hour"):
        read(path)
    path.write_bytes(b"instance,usd_per_hour\n\xff\xfe,1\n")
    with pytest.raises(NotACatalogue, match="UTF-8"):
        read(path)
    with pytest.raises(OSError):
        read(tmp_path / "none.csv")
