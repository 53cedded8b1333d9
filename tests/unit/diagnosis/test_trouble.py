import pytest

from faultmaven.diagnosis.trouble import is_mere_value, shows_state, speaks_of_trouble


@pytest.mark.parametrize(
    "line",
    [
        "/bin/sh: syntax error: unexpected end of file",
        "curl: (6) Could not resolve host: shop.example",
        "Error from server (NotFound): services not found",
        '  "message": "exceeded quota: team-a",',
        "  Reason: the disk failed",
    ],
)
def test_a_line_that_reports_a_failure_speaks_of_trouble(line: str) -> None:
    assert speaks_of_trouble(line)


@pytest.mark.parametrize(
    "line",
    [
        "finished with 0 errors",
        "no errors found",
        "failed: 0",
        '"error": null,',
        "# this would fail with permission denied",
        'echo "connection refused"',
        "node.kubernetes.io/unreachable:NoExecute op=Exists for 300s",
        '  "name": "API error rate",',
        "Unschedulable: false",
        "Running  1/1",
    ],
)
def test_settings_comments_and_counts_of_nothing_do_not(line: str) -> None:
    assert not speaks_of_trouble(line)


def test_a_level_that_stands_alone_belongs_to_something_else() -> None:
    assert is_mere_value('  "severity": "critical",')
    assert not is_mere_value("ERROR payment rejected")


def test_a_row_of_a_listing_shows_a_state_and_says_nothing_about_why() -> None:
    assert shows_state("media-1   0/1     Error   0     23h")
    assert shows_state("  Reason:       Error")
    assert not shows_state("/bin/sh: syntax error: unexpected end of file")
