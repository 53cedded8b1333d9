"""The parts a stack trace is made of, and which of its frames are the user's own code."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from faultmaven.diagnosis.digest import Language

# Frames of runtimes and packages: their own code is where a reader wants to look first.
_FOREIGN: dict[Language, re.Pattern[str]] = {
    "python": re.compile(
        r"site-packages|dist-packages|/lib/python\d|\\lib\\|<frozen |<string>|importlib|/var/runtime/|/opt/python/"
    ),
    "java": re.compile(
        r"^at (?:[\w.]+/{1,2})?(?:java|javax|jdk|sun|com\.sun|jakarta|kotlin|kotlinx|scala|groovy|clojure|android"
        r"|androidx|org\.(?:springframework|apache|hibernate|eclipse|jboss|junit|mockito|postgresql|slf4j|gradle|aspectj|h2"
        r"|thymeleaf|mariadb|flywaydb|quartz|elasticsearch|opensearch|jooq|keycloak|xnio|glassfish|codehaus|jetbrains)"
        r"|com\.(?:zaxxer|fasterxml|google|mysql|mongodb|netflix|rabbitmq|microsoft|amazonaws|datastax|hazelcast|squareup)"
        r"|io\.(?:netty|grpc|micrometer|undertow|vertx|reactivex|lettuce|kubernetes|quarkus|opentelemetry|micronaut|ktor"
        r"|smallrye|fabric8|confluent|jsonwebtoken|github\.resilience4j)"
        r"|reactor|feign|redis|okhttp3?|retrofit2|ch\.qos|akka|net\.bytebuddy|net\.sf|software\.amazon|oracle|liquibase"
        r"|play\.api|zio|cats\.effect)\."
        r"|\$\$(?:FastClassBy|EnhancerBy|SpringCGLIB|Lambda)"
    ),
    "node": re.compile(r"node_modules|\bnode:|\binternal/|\(<anonymous>\)|^at <anonymous>|\(native\)"),
    "browser": re.compile(
        r"node_modules|\[native code\]|<anonymous>\)?$|[/.~-]vendors?[/.~-]|react-dom|jquery|zone\.js|polyfills"
        r"|(?:chrome|moz|safari-web)-extension:|unpkg\.com|jsdelivr\.net|cdnjs\.|/webpack/(?:bootstrap|runtime)",
        re.IGNORECASE,
    ),
    "go": re.compile(
        r"/usr/local/go/src|/usr/lib/go|/go/pkg/mod/|/runtime/|/vendor/|\$GOROOT|/src/net/http/|/go1\.\d+|/libexec/src/"
    ),
    "rust": re.compile(
        r"/rustc/|\.cargo/|/cargo/(?:registry|git)|/rustlib/|library/(?:std|core|alloc)/|/vendor/|<unknown>"
        r"|^\d+: (?:0x[0-9a-f]+ - )?<?(?:dyn )?&?(?:std|core|alloc|tokio|hyper|tower|axum|actix_\w+|futures\w*|rayon"
        r"|rust_\w+|__\w+|_start|main|clone3?|start_thread|backtrace|anyhow|eyre|test)(?:::|\b)"
    ),
    "dotnet": re.compile(
        r"^at (?:System|Microsoft|MS|Npgsql|MySql|MySqlConnector|StackExchange|Newtonsoft|Serilog|Dapper|Polly|Grpc"
        r"|Amazon|AWSSDK|Azure|MassTransit|MediatR|AutoMapper|Xunit|NUnit|Castle|Hangfire|RabbitMQ|MongoDB|Google|Autofac"
        r"|NLog|log4net|Swashbuckle|FluentValidation|Confluent|Quartz|Oracle|OpenTelemetry|lambda_method\d*)[.(]"
    ),
    "ruby": re.compile(
        r"/gems/|/lib/ruby/|/rubygems|/bundler/|<internal:|/ruby/\d|/vendor/bundle/"
        r"|/bin/(?:bundle|rails|rake|puma|ruby)\b"
    ),
    "php": re.compile(r"/vendor/|\\vendor\\|\[internal function\]|^#\d+ \{main\}|/usr/share/php|phar://"),
}
_POSITION = re.compile(
    r"^#\d+ |:line \d+|:\d+|, line \d+|\+?0x[0-9a-f]+|\$\d+|goroutine \d+|@[0-9a-f]+|\(\d+\)(?=: )|(?<=d__)\d+"
    r"|::h[0-9a-f]{16}"
)
_MOST_IN_FINGERPRINT = 5

Lines = Sequence[str]
# How far above its first frame a header may stand: Node prints `Require stack:`, messages have several lines.
LOOK_BACK = 12
LONGEST = 1500


@dataclass(frozen=True, slots=True)
class Named:
    """An exception named in a trace, and the index of the line that names it."""

    type: str
    message: str
    index: int


@dataclass(frozen=True, slots=True)
class Frame:
    text: str
    index: int


@dataclass(frozen=True, slots=True)
class Section:
    """One exception of a chain with its frames, the one nearest to where it was raised first."""

    named: Named
    frames: tuple[Frame, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A trace in a list of lines; `first` and `last` are indices, `sections` run from the root cause outward."""

    language: Language
    first: int
    last: int
    sections: tuple[Section, ...]

    @property
    def root(self) -> Named:
        return self.sections[0].named

    @property
    def own_frame(self) -> Frame | None:
        """Nearest to the root cause; None where every frame belongs to a library."""
        return next((frame for section in self.sections for frame in section.frames if self.is_own(frame)), None)

    def is_own(self, frame: Frame) -> bool:
        return not _FOREIGN[self.language].search(frame.text)

    @property
    def fingerprint(self) -> str:
        """Stays the same when lines move and addresses change."""
        frames = [frame for section in self.sections for frame in section.frames]
        telling = [frame for frame in frames if self.is_own(frame)] or frames
        said = [_POSITION.sub("", frame.text) for frame in telling[:_MOST_IN_FINGERPRINT]]
        digest = hashlib.sha256("\n".join((self.language, self.root.type, *said)).encode("utf-8", "replace"))
        return f"v1:{digest.hexdigest()[:16]}"


def naming_lines(found: Found) -> set[int]:
    return {section.named.index for section in found.sections}
