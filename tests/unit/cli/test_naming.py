from faultmaven.cli.naming import distinct_names


def test_the_file_name_where_it_is_enough() -> None:
    assert distinct_names(["/var/log/app.log", "/var/log/db.log", "-"]) == ["app.log", "db.log", "stdin"]


def test_as_many_folders_as_tell_files_apart() -> None:
    paths = ["/logs/a/x/app.log", "/logs/b/x/app.log", "/logs/b/y/app.log", "/logs/db.log"]
    assert distinct_names(paths) == ["a/x/app.log", "b/x/app.log", "y/app.log", "db.log"]


def test_a_file_is_never_taken_for_the_question() -> None:
    assert distinct_names(["/tmp/question"]) == ["tmp/question"]


def test_a_file_named_stdin_beside_standard_input() -> None:
    assert distinct_names(["/tmp/stdin", "-"]) == ["tmp/stdin", "stdin"]


def test_names_that_are_no_text_become_text() -> None:
    assert distinct_names(["/tmp/caf\udce9.log"]) == ["caf\ufffd.log"]


def test_a_path_that_ends_another() -> None:
    assert distinct_names(["/app.log", "/logs/app.log"]) == ["/app.log", "logs/app.log"]
