"""account.yaml: every mistake is told with its line and its remedy, and YAML's surprises are refused."""

import pytest

from acctlib.profile import ProfileError, read_firm, read_profile, read_yaml

GOOD = "name: Harbour Foods\ncurrency: GBP\nfiscal_year_start: 4\nfiscal_year_named_by: end\ntargets:\n  margin: 0.35\n"


def written(tmp_path, text, name="account.yaml"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_good_profile_is_read(tmp_path):
    profile = read_profile(written(tmp_path, GOOD))
    assert (profile.name, profile.currency, profile.targets.margin) == ("Harbour Foods", "GBP", 0.35)
    assert (profile.fiscal_year.start_month, profile.fiscal_year.named_by) == (4, "end")


def test_lines_of_nested_keys_are_known(tmp_path):
    content, lines = read_yaml(written(tmp_path, GOOD))
    assert content["targets"] == {"margin": 0.35}
    assert lines[("targets", "margin")] == 6


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: A\ncurency: GBP\n", "account.yaml:2: curency is not a key of this file; did you mean currency?"),
        ("name: A\n", "account.yaml:1: currency must be given; add a line `currency: …`"),
        (
            "name: A\ncurrency: pounds\n",
            "account.yaml:2: currency must be an ISO 4217 code such as GBP, EUR or USD, got 'pounds'",
        ),
        (
            "name: A\ncurrency: GBP\nfiscal_year_start: 13\n",
            "account.yaml:3: fiscal_year_start must be less than or equal to 12, got 13; write the number",
        ),
        (
            "name: A\ncurrency: GBP\nfiscal_year_start: April\n",
            "account.yaml:3: fiscal_year_start must be a valid integer, got 'April'; write 4",
        ),
        (
            "name: A\ncurrency: GBP\nfiscal_year_named_by: middle\n",
            "account.yaml:3: fiscal_year_named_by must be 'start' or 'end'",
        ),
        (
            "name: A\ncurrency: GBP\ntargets:\n  margn: 1\n",
            "account.yaml:4: targets.margn is not a key of this file; did you mean margin?",
        ),
        (
            "name: A\ncurrency: GBP\ntargets:\n  margin: 35\n",
            "account.yaml:4: targets.margin must be less than or equal to 1, got 35; write 35 % as 0.35",
        ),
        ("name: 12\ncurrency: GBP\n", 'account.yaml:1: name must be a valid string, got 12; write "12" in quotation marks'),
        ("name: A\nname: B\ncurrency: GBP\n", "account.yaml:2: must be valid YAML: found duplicate key"),
        ("name: &a A\naliases: [*a]\ncurrency: GBP\n", "account.yaml:1: must not use anchors or aliases"),
        ("name: [A\ncurrency: GBP\n", "must be valid YAML"),
        ("- A\n- B\n", "account.yaml:1: must hold `key: value` lines, got a list"),
        ("", "account.yaml:1: must hold `key: value` lines, got nothing"),
        (b"name: Caf\xe9\ncurrency: GBP\n", "account.yaml must be UTF-8, got byte 9 that is not"),
        ("name: A\ncurrency: GBP\n---\nname: B\n", "must be valid YAML"),
        ("%YAML 1.1\n---\nname: A\ncurrency: GBP\n", "account.yaml must not hold % directives"),
        ("name: " + "[" * 3000 + "]" * 3000 + "\n", "must be plain YAML"),
        ("name: " + "9" * 5000 + "\ncurrency: GBP\n", "account.yaml"),
        ("name: !!omap {}\ncurrency: GBP\n", "account.yaml"),
        ('name: "A\\nB"\ncurrency: GBP\n', "account.yaml:1: name must be one line of visible letters"),
        ('name: "A\\u202eB"\ncurrency: GBP\n', "account.yaml:1: name must be one line of visible letters"),
        ('name: A\naliases: [""]\ncurrency: GBP\n', "account.yaml:2: aliases.0 must be one line of visible letters"),
        ("name: A\ncurrency: GBP\ntargets:\n  revenue: .inf\n", "account.yaml:4: targets.revenue must be a finite number"),
        (
            "name: A\ncurrency: GBP\ntargets:\n  revenue: true\n",
            "account.yaml:4: targets.revenue must be a valid number, got True; write for example 520000",
        ),
        ("name: A\ncurrency: GBP\ntargets:\n  revenue: 520k\n", "must be a valid number, got '520k'; write 520000"),
        ("name: A\ncurrency: GBP\ntargets:\n  revenue: £1.5m\n", "must be a valid number, got '£1.5m'; write 1500000"),
        (
            "name: A\ncurrency: GBP\ntargets:\n  revenue: -5\n",
            "or equal to 0, got -5; write for example 520000",
        ),
        ("name: A\ncurrency: GBP\ntargets:\n  margin: 35 %\n", "must be a valid number, got '35 %'; write 0.35"),
        ("name: A\ncurrency: GBP\ntargets:\n  margin: '35'\n", "must be a valid number, got '35'; write 0.35"),
        ("name: A\ncurrency: GBP\ntargets:\n  nps: 140\n", "less than or equal to 100, got 140; write for example 40"),
        ("name: A\ncurrency: GBP\nresponse_budget: 520 000\n", "got '520 000'; write 520000"),
        ("name: A\ncurrency: GBP\nresponse_budget: 1.500 EUR\n", "got '1.500 EUR'; write for example 20000"),
        ("name: A\ncurrency: GBP\nhealth_weights:\n  growth: lots\n", "got 'lots'; write for example 20"),
        ("name: A\ncurrency: GBP\naliases: Acme\n", "aliases must be a valid list, got 'Acme'; write [Acme]"),
        (
            "name: A\ncurrency: GBP\ntargets: 5\n",
            "targets must hold `key: value` lines, got 5; write its keys on lines of their own, indented",
        ),
        ("name: A\ncurrency: GBP\nrag:\n  amber: 0.2\n", "account.yaml:3: rag must have amber no higher than red"),
        ("name: A\ncurrency: GBP\nhealth_weights:\n  luck: 5\n", "account.yaml:4: health_weights.luck must be 'delivery', "),
    ],
)
def test_each_mistake_names_its_line_and_what_to_write(tmp_path, text, message):
    with pytest.raises(ProfileError) as refused:
        read_profile(written(tmp_path, text))
    assert message in str(refused.value)


def test_all_mistakes_are_told_at_once(tmp_path):
    with pytest.raises(ProfileError) as refused:
        read_profile(written(tmp_path, "nme: A\ncurrency: X\nfiscal_year_start: 0\n"))
    assert len(str(refused.value).splitlines()) == 4  # name missing, nme unknown, currency, month


def test_yes_and_no_are_words_and_times_are_not_seconds(tmp_path):
    assert read_yaml(written(tmp_path, "a: no\nb: 12:30:00\n"))[0] == {"a": "no", "b": "12:30:00"}


def test_billion_laughs_is_refused_before_it_grows(tmp_path):
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{n}: &{n} [*{p},*{p},*{p},*{p}]\n" for p, n in zip("abcdefg", "bcdefgh", strict=True)
    )
    with pytest.raises(ProfileError, match="anchors or aliases"):
        read_yaml(written(tmp_path, bomb))


def test_the_firms_policies_are_read_and_checked(tmp_path):
    firm = read_firm(written(tmp_path, "name: Fern\nfreelancers_in: agi\nrenewal_odds:\n  commit: 0.9\n", "firm.yaml"))
    assert firm.renewal_odds == {"commit": 0.9}
    staged = read_firm(written(tmp_path, "name: Fern\ndeal_stages: [talk, offer]\n", "firm.yaml"))
    assert staged.deal_stages == ["talk", "offer"]
    assert staged.for_client().deal_stages == []
    with pytest.raises(ProfileError, match=r"firm.yaml:2: freelancers_in must be 'agi' or 'delivery_cost', got 'cost'"):
        read_firm(written(tmp_path, "name: Fern\nfreelancers_in: cost\n", "firm.yaml"))


def test_a_key_with_nothing_behind_it_says_nothing(tmp_path):
    assert read_profile(written(tmp_path, "name: A\ncurrency: GBP\ntargets:\n  # margin: 0.3\naliases:\n")).aliases == []
