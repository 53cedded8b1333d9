"""Configuration that contradicts itself or cannot be read, and the same without the slip."""

from __future__ import annotations

from textwrap import dedent

import pytest
from tests.unit.diagnosis.inspections.stated import answered, faults, top

COMPOSE = """
    services:
      lantern:
        build: .
        ports:
          - "8080:3000"
        depends_on:
          - tidepool
        volumes:
          - wick:/var/lib/lantern
        networks: [bay]
        secrets: [oil]
      tidepool:
        image: postgres:16
        ports:
          - "5432:5432"
        networks: [bay]
    volumes:
      wick:
    networks:
      bay:
    secrets:
      oil:
        file: ./oil.txt
"""


def test_a_compose_file_in_order_is_no_fault() -> None:
    assert faults(answered(COMPOSE)) == set()


@pytest.mark.parametrize(
    ("before", "after", "fault", "words"),
    [
        ("- wick:/var", "- wicks:/var", "compose_reference_missing", "uses the volume wicks"),
        (
            "- tidepool",
            "- tide-pool",
            "compose_reference_missing",
            "depends on tide-pool, and the file defines no service",
        ),
        ("[oil]", "[oyl]", "compose_reference_missing", "there is oil"),
        ("image: postgres:16", "image: postgres:16\n        depends_on: [lantern]", "compose_cycle", "→"),
        ('"5432:5432"', '"8080:5432"', "compose_port_conflict", "Port 8080 of the host"),
        ('"5432:5432"', "{target: 5432, published: 8080}", "compose_port_conflict", "Port 8080 of the host"),
    ],
)
def test_a_compose_file_against_itself(before: str, after: str, fault: str, words: str) -> None:
    assert before in COMPOSE
    report = answered(COMPOSE.replace(before, after))
    assert report.verdict == "cause_found"
    assert top(report).fault_id == fault
    assert words in report.summary


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("- wick:/var", "- ./wick:/var"),
        ("- wick:/var", "- /srv/wick:/var"),
        ("- wick:/var", "- ${WICK}:/var"),
        ("- wick:/var/lib/lantern", "- {type: bind, source: wick, target: /var}"),
        ('"5432:5432"', '"127.0.0.2:8080:5432"\n        profiles: [debug]'),
        ('"5432:5432"', '"8080:5432/udp"'),
    ],
)
def test_what_compose_takes_from_elsewhere_is_no_fault(before: str, after: str) -> None:
    assert faults(answered(COMPOSE.replace(before, after))) == set()


def test_a_variable_without_a_value_is_only_a_warning() -> None:
    report = answered(COMPOSE.replace("postgres:16", "postgres:${PG_TAG}"), "A_NAME=1\nB_NAME=2\n")
    assert faults(report) == set()
    assert [one.text for one in report.observations if "PG_TAG" in one.text]


DOCKERFILE = """
    FROM golang:1.23 AS forge
    WORKDIR /src
    COPY . .
    RUN go build -o /out/lantern ./cmd \\
        && strip /out/lantern
    FROM gcr.io/distroless/base
    COPY --from=forge /out/lantern /lantern
    EXPOSE 3000
    ENTRYPOINT ["/lantern"]
"""


def test_a_dockerfile_in_order_is_no_fault() -> None:
    assert faults(answered(DOCKERFILE)) == set()
    assert faults(answered(DOCKERFILE.replace("--from=forge", "--from=busybox:1.36"))) == set()
    assert faults(answered(DOCKERFILE.replace("--from=forge", "--from=0"))) == set()


@pytest.mark.parametrize(
    ("name", "words"),
    [("forg", "there is a stage forge"), ("1", "1 stages stand above it"), ("7", "1 stages stand above it")],
)
def test_a_stage_that_is_not_there(name: str, words: str) -> None:
    report = answered(DOCKERFILE.replace("--from=forge", f"--from={name}"))
    assert top(report).fault_id == "dockerfile_stage_missing"
    assert words in report.summary


def test_a_port_that_the_image_does_not_name_explains_a_refusal_and_is_else_noted() -> None:
    image = DOCKERFILE.replace("EXPOSE 3000", "EXPOSE 3100")
    assert any("publishes port 3000 of its container" in one.text for one in answered(COMPOSE, image).observations)
    refused = "2031-04-01T10:00:00Z ERROR proxy: dial tcp 10.1.0.3:3000: connect: connection refused\n" * 3
    assert "container_port_mismatch" in faults(answered(COMPOSE, image, refused))
    assert "container_port_mismatch" not in faults(answered(COMPOSE, DOCKERFILE, refused))


NGINX = """
    http {
        upstream harbour_api {
            server 10.0.0.4:9000;
        }
        server {
            listen 80;
            server_name quay.example www.quay.example;
            location / {
                proxy_pass http://harbour_api;
            }
        }
        server {
            listen 443 ssl;
            server_name quay.example;
            ssl_certificate /etc/ssl/quay.pem;
            ssl_certificate_key /etc/ssl/quay.key;
        }
    }
"""


def test_an_nginx_configuration_in_order_is_no_fault() -> None:
    assert faults(answered(NGINX)) == set()


@pytest.mark.parametrize(
    ("before", "after", "fault", "words"),
    [
        ("http://harbour_api;", "http://harbor_api;", "nginx_upstream_undefined", "none of the upstreams defined"),
        ("listen 443 ssl;", "listen 80;", "nginx_server_conflict", "both are for the name quay.example"),
        ("ssl_certificate /etc/ssl/quay.pem;", "", "nginx_certificate_missing", "no ssl_certificate"),
        ("listen 80;", "listen 80", "config_syntax_error", "line 6"),
        ("server 10.0.0.4:9000;\n        }", "server 10.0.0.4:9000;", "config_syntax_error", "expecting"),
        ("key;\n        }", "key\n        }", "config_syntax_error", 'unexpected "}"'),
    ],
)
def test_an_nginx_configuration_against_itself(before: str, after: str, fault: str, words: str) -> None:
    assert before in NGINX
    report = answered(NGINX.replace(before, after))
    assert top(report).fault_id == fault
    assert words in report.summary


def test_a_host_that_is_no_upstream_may_be_one_of_the_network() -> None:
    assert faults(answered(NGINX.replace("http://harbour_api;", "http://lighthouse;"))) == set()
    assert faults(answered(NGINX.replace("http://harbour_api;", "http://10.0.0.9:80;"))) == set()


UNIT = """
    $ cat /etc/systemd/system/lantern.service
    [Unit]
    Description=Lantern
    After=network-online.target

    [Service]
    Type=simple
    ExecStart=/usr/local/bin/lantern --port 3000 \\
        --verbose
    Restart=on-failure
    Environment=A=1
    Environment=B=2

    [Install]
    WantedBy=multi-user.target
"""


def test_a_unit_in_order_is_no_fault() -> None:
    assert faults(answered(UNIT)) == set()


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("ExecStart=/usr/local/bin/lantern", "ExecStart=bin/lantern", "relative path bin/lantern"),
        ("ExecStart=", "ExecReload=", "without ExecStart="),
        ("Type=simple\n", "Type=oneshot\n    Restart=always\n", "refuses for Type=oneshot"),
        ("[Service]", "[Services]", "Service may be meant"),
        ("Type=simple", "Type=daemon", "has the type daemon"),
        ("Type=simple\n", "Type=simple\n    WantedBy=multi-user.target\n", "belongs to Install"),
        ("Environment=A=1", "ExecStart=/bin/true", "only Type=oneshot may have more than one"),
    ],
)
def test_a_unit_that_systemd_refuses(before: str, after: str, words: str) -> None:
    text = UNIT.replace("    Restart=on-failure\n", "") if "oneshot" in after else UNIT
    report = answered(text.replace(before, after))
    assert top(report).fault_id == "unit_file_invalid"
    assert "lantern.service" in report.summary
    assert words in report.summary


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("depth: 4\nberths:\n  - name: a\n   size: 3\n", 4, "YAML"),
        ("berths:\n\t- name: a\n  - name: b\n", 2, "cannot start any token"),
        ('{\n  "depth": 4,\n  "berths": [1, 2,]\n}\n', 3, "JSON"),
        ('{\n  "depth": 4\n  "berths": 3\n}\n', 3, "Expecting ',' delimiter"),
        ('[harbour]\nname = "north"\nowner = "city"\ndepth = \n', 4, "Invalid value"),
    ],
)
def test_a_file_that_cannot_be_read_is_cited_at_its_line(text: str, line: int, words: str) -> None:
    report = answered(text)
    assert report.verdict == "cause_found"
    assert top(report).fault_id == "config_syntax_error"
    assert words in report.summary
    assert report.citations[0].line_start == line


@pytest.mark.parametrize(
    "text",
    [
        "depth: {{ .Values.depth }}\nberths:\n  {{- range .Values.berths }}\n  - name: {{ . }}\n  {{- end }}\n",
        '{\n  // how deep\n  "depth": 4,\n  "berths": [1, 2,]\n}\n',
        '{\n  "depth": 4,\n  "berths": [\n    {"a": 1},\n...\n  ]\n}\n',
        "Dear all:\n  the harbour is open: come\n and see: bring a friend\n",
        '[harbour]\nname = north\ndepth = "4"\n',
    ],
)
def test_a_template_a_dialect_and_prose_are_no_broken_files(text: str) -> None:
    assert "config_syntax_error" not in faults(answered(text))


@pytest.mark.parametrize(
    ("text", "key", "lines"),
    [
        ("TIDE_URL=postgres://a\nOTHER=1\nTIDE_URL=postgres://b\n", "TIDE_URL", (1, 3)),
        ("depth: 4\nberths:\n  max: 3\n  max: 5\n", "max", (3, 4)),
        ('{\n  "a": {"max": 1},\n  "max": 3,\n  "max": 5\n}\n', "max", (3, 4)),
    ],
)
def test_a_setting_given_twice(text: str, key: str, lines: tuple[int, int]) -> None:
    report = answered(text)
    assert top(report).fault_id == "config_key_repeated"
    assert f"{key} is given twice, with different values, in lines {lines[0]} and {lines[1]}" in report.summary
    same = text.replace("//b", "//a").replace("5", "3")
    assert faults(answered(same)) == set()


def test_a_setting_that_ini_gives_twice_is_only_noted() -> None:
    report = answered("[tide]\ndepth = 4\nport = 1\n[quay]\nport = 2\nport = 3\n")
    assert faults(report) == set()
    assert [
        one.text for one in report.observations if "port is given twice" in one.text and "lines 5 and 6" in one.text
    ]
    assert not answered("[tide]\nport = 1\n[quay]\nport = 2\n").observations


def test_a_line_of_an_env_file_that_not_everything_reads_is_noted() -> None:
    report = answered("OWNER=Ada Harbour\nDEPTH=4\nQUOTED='two words'\n")
    assert faults(report) == set()
    assert [one.text for one in report.observations if "OWNER" in one.text]
    assert not [one.text for one in report.observations if "QUOTED" in one.text]
    report = answered("OWNER =Ada\nDEPTH=4\n")
    assert top(report).fault_id == "env_line_unreadable"
    assert "OWNER in line 1 has a space before its equals sign" in report.summary


def test_settings_that_name_a_fault_report_none() -> None:
    report = answered(UNIT.replace("Type=simple", "Type=simple\n    SystemCallErrorNumber=EPERM"))
    assert faults(report) == set()


def test_a_drop_in_need_not_say_what_to_start() -> None:
    drop_in = "$ cat /etc/systemd/system/lantern.service.d/more.conf\n[Service]\nLimitNOFILE=4096\nNice=5\n"
    assert faults(answered(drop_in)) == set()


def test_a_paste_of_several_kinds_is_read_part_by_part() -> None:
    paste = dedent(
        """
        It does not come up since this morning, any idea?

        $ cat docker-compose.yml
        services:
          lantern:
            image: lantern:2
            volumes:
              - wax:/data
        volumes:
          wick:
        $ docker compose up
        service "lantern" refers to undefined volume wax: invalid compose project
        $ df -h
        Filesystem      Size  Used Avail Use% Mounted on
        /dev/sda1        50G   20G   30G  40% /
        $ python manage.py
        Traceback (most recent call last):
          File "manage.py", line 3, in <module>
            import harbour
        ModuleNotFoundError: No module named 'harbour'
        """
    )
    report = answered(paste, question="why does it not start?")
    assert {"compose_reference_missing", "python_module_missing"} <= faults(report)
    assert "file_system_nearly_full" not in faults(report)
