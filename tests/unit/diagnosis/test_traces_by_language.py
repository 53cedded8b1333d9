"""What each language prints when something goes wrong, read for its root and for the first frame of own code."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultmaven.diagnosis.digest import Trace
from faultmaven.diagnosis.naming import place_of
from faultmaven.diagnosis.read import read
from faultmaven.diagnosis.readers.traces import find_trace

PYTHON_GROUP = """\
  + Exception Group Traceback (most recent call last):
  |   File "/srv/mill/grind.py", line 21, in <module>
  |     asyncio.run(main())
  |   File "/usr/lib/python3.12/asyncio/runners.py", line 194, in run
  |     return runner.run(main)
  | ExceptionGroup: unhandled errors in a TaskGroup (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/srv/mill/hopper.py", line 7, in feed
    |     grain = SILOS[name]
    |             ~~~~~^^^^^^
    | KeyError: 'rye'
    |
    | The above exception was the direct cause of the following exception:
    |
    | Traceback (most recent call last):
    |   File "/srv/mill/grind.py", line 12, in run
    |     feed(name)
    | mill.errors.HopperEmpty: nothing to grind
    +---------------- 2 ----------------
    | Traceback (most recent call last):
    |   File "/srv/mill/belt.py", line 3, in turn
    |     raise TimeoutError("belt stuck")
    | TimeoutError: belt stuck
    +------------------------------------
"""

PYTHON_NESTED_GROUP = """\
Traceback (most recent call last):
  File "/srv/mill/start.py", line 2, in boot
    open_gate()
OSError: [Errno 5] gate is jammed

During handling of the above exception, another exception occurred:

  + Exception Group Traceback (most recent call last):
  |   File "/srv/mill/start.py", line 9, in <module>
  |     raise ExceptionGroup("outer", [inner, ValueError(3)])
  | ExceptionGroup: outer (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ExceptionGroup: inner (1 sub-exception)
    +-+---------------- 1 ----------------
      | ValueError: 1
      +------------------------------------
    +---------------- 2 ----------------
    | ValueError: 3
    +------------------------------------
"""

PYTHON_LAMBDA = """\
[ERROR] KeyError: 'Parcels'
Traceback (most recent call last):
  File "/var/task/weigh.py", line 14, in handler
    for parcel in event['Parcels']:
END RequestId: 6f1c2b0e-1111-4222-8333-944445555666
"""

JAVA_MODULES = """\
Exception in thread "sorter-2" java.lang.NumberFormatException: For input string: "12kg"
\tat java.base/java.lang.NumberFormatException.forInputString(NumberFormatException.java:67)
\tat java.base/java.lang.Integer.parseInt(Integer.java:661)
\tat depot.sorting/org.depot.sorting.Scale.read(Scale.java:31)
\tat app//org.depot.sorting.Sorter$$Lambda$14/0x0000000800c03000.run(Unknown Source)
"""

JAVA_SUPPRESSED = """\
org.depot.BeltFailed: belt 3 stands still
\tat org.depot.Belt.start(Belt.java:12)
\tat org.depot.Main.main(Main.java:5)
\tSuppressed: java.io.IOException: could not release brake
\t\tat org.depot.Brake.close(Brake.java:8)
\t\t... 1 more
\tCaused by: java.lang.IllegalStateException: brake is worn
\t\tat org.depot.Brake.wear(Brake.java:44)
\t\t... 2 more
Caused by: org.depot.MotorFailed: motor 3 does not answer
\tat org.depot.Motor.turn(Motor.java:20)
\t... 12 common frames omitted
Caused by: java.net.ConnectException: Connection refused
\tat java.base/sun.nio.ch.Net.pollConnect(Native Method)
\tat org.depot.Wire.open(Wire.java:71)
\t... 14 more
"""

JAVA_ROOT_FIRST = """\
java.net.ConnectException: Connection refused
\tat org.depot.Wire.open(Wire.java:71)
\t... 3 common frames omitted
Wrapped by: org.depot.MotorFailed: motor 3 does not answer
\tat org.depot.Motor.turn(Motor.java:20)
"""

KOTLIN = """\
kotlin.UninitializedPropertyAccessException: lateinit property scale has not been initialized
\tat org.depot.ParcelsKt$weigh$2.invokeSuspend(Parcels.kt:18) ~[depot.jar:na]
\tat kotlin.coroutines.jvm.internal.BaseContinuationImpl.resumeWith(ContinuationImpl.kt:33) ~[kotlin-stdlib.jar:1.9]
"""

NODE_CAUSE = """\
TypeError: fetch failed
    at node:internal/deps/undici/undici:13502:13
    at async weigh (/srv/depot/scale.js:18:20)
    ... 2 lines matching cause stack trace ...
    at async main (/srv/depot/main.js:4:3) {
  [cause]: Error: connect ECONNREFUSED 10.7.0.9:8443
      at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1611:16) {
    errno: -111,
    code: 'ECONNREFUSED',
    syscall: 'connect',
    address: '10.7.0.9',
    port: 8443
  }
}
"""

NODE_AGGREGATE = """\
node:internal/process/promises:394
      triggerUncaughtException(err, true /* fromPromise */);
      ^

AggregateError [ECONNREFUSED]:
    at internalConnectMultiple (node:net:1139:18)
    at afterConnectMultiple (node:net:1712:7) {
  code: 'ECONNREFUSED',
  [errors]: [
    Error: connect ECONNREFUSED ::1:5673
        at createConnectionError (node:net:1675:14)
        at Socket.open (/srv/depot/queue.js:9:11) {
      errno: -111,
      port: 5673
    },
    Error: connect ECONNREFUSED 127.0.0.1:5673
        at createConnectionError (node:net:1675:14) {
      errno: -111,
      port: 5673
    }
  ]
}
"""

CHROMIUM = """\
Uncaught (in promise) TypeError: Cannot read properties of undefined (reading 'parcels')
    at render (https://depot.example/assets/vendor-3f9c.js:2:5812)
    at listParcels (https://depot.example/assets/main-77aa.js:10:5)
    at HTMLButtonElement.<anonymous> (https://depot.example/assets/main-77aa.js:31:9)
"""

FIREFOX = """\
TypeError: can't access property "parcels", shelf is undefined
listParcels@https://depot.example/assets/main-77aa.js:10:5
onclick@https://depot.example/assets/main-77aa.js:31:9
@https://depot.example/:1:1
"""

FIREFOX_CONSOLE = """\
Uncaught TypeError: shelf is undefined
    listParcels https://depot.example/assets/main-77aa.js:10
    <anonymous> https://depot.example/assets/main-77aa.js:31
"""

SAFARI = """\
TypeError: undefined is not an object (evaluating 'shelf.parcels')
forEach@[native code]
listParcels@https://depot.example/assets/main-77aa.js:10:15
"""

RUST_OLD = """\
thread 'main' panicked at 'index out of bounds: the len is 3 but the index is 7', src/shelf.rs:10:5
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
"""

RUST_NEW = """\
thread 'tokio-runtime-worker' (41) panicked at /root/.cargo/registry/src/index.crates.io-6f17/pq-1.2/lib.rs:80:9:
called `Result::unwrap()` on an `Err` value: ConnectionRefused
stack backtrace:
   0: rust_begin_unwind
             at /rustc/07dca489ac2d933c78d3c5158e3f43beefeb02ce/library/std/src/panicking.rs:645:5
   1: core::panicking::panic_fmt
             at /rustc/07dca489ac2d933c78d3c5158e3f43beefeb02ce/library/core/src/panicking.rs:72:14
   2: core::result::Result<T,E>::unwrap
   3: depot::scale::weigh::{{closure}}
             at ./src/scale.rs:44:21
   4: tokio::runtime::task::core::Core<T,S>::poll
note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
"""

DOTNET = """\
Unhandled exception. System.InvalidOperationException: Parcel 7 cannot be weighed
 ---> Depot.ScaleException: scale 2 is silent
 ---> System.Net.Sockets.SocketException (111): Connection refused
   at System.Net.Sockets.Socket.<ConnectAsync>g__WaitForConnect|285_0(AwaitableSocketAsyncEventArgs saea)
   at Depot.Wire.Open(String host, Int32 port) in /src/Depot/Wire.cs:line 71
   --- End of inner exception stack trace ---
   at Depot.Scale.<Read>d__12.MoveNext() in /src/Depot/Scale.cs:line 30
--- End of stack trace from previous location ---
   at Depot.Scale.Weigh[T](T parcel)
   --- End of inner exception stack trace ---
   at Depot.Program.Main(String[] args) in /src/Depot/Program.cs:line 9
"""

DOTNET_LIBRARY = """\
fail: Microsoft.EntityFrameworkCore.Query[10100]
      An exception occurred while iterating over the results of a query.
      Npgsql.PostgresException (0x80004005): 42P01: relation "parcels" does not exist
         at Npgsql.Internal.NpgsqlConnector.ReadMessageLong(Boolean async)
         at Depot.Parcels.List() in C:\\src\\Depot\\Parcels.cs:line 18
"""

RUBY = """\
/srv/depot/shelf.rb:12:in 'Hash#fetch': key not found: :rye (KeyError)
\tfrom /srv/depot/shelf.rb:12:in 'Shelf#take'
\tfrom /usr/lib/ruby/gems/3.4.0/gems/rack-3.1.0/lib/rack/server.rb:3:in 'block in run'
\tfrom /srv/depot/main.rb:4:in '<main>'
"""

RUBY_CAUSE = """\
/srv/depot/belt.rb:9:in `rescue in turn': belt stands still (Depot::BeltFailed)
\tfrom /srv/depot/belt.rb:6:in `turn'
\tfrom /srv/depot/main.rb:4:in `<main>'
/usr/lib/ruby/3.1.0/socket.rb:231:in `connect': Connection refused - connect(2) for 10.7.0.9:8443 (Errno::ECONNREFUSED)
\tfrom /srv/depot/belt.rb:7:in `turn'
\tfrom /srv/depot/main.rb:4:in `<main>'
"""

RUBY_HINT = """\
shelf.rb:3:in `<main>': undefined local variable or method `shelv' for main:Object (NameError)

puts shelv
     ^^^^^
Did you mean?  shelf
\tfrom loader.rb:9:in `load'
"""

RAILS = """\
F, [2031-01-02T15:04:05.12 #71] FATAL -- : ActiveRecord::StatementInvalid (PG::UndefinedColumn: ERROR:  no column "kg"):
F, [2031-01-02T15:04:05.123456 #71] FATAL -- : [5c1f]
/srv/depot/vendor/bundle/ruby/3.2.0/gems/activerecord-7.1/lib/base.rb:7:in `exec'
app/models/parcel.rb:18:in `heavy'
app/controllers/parcels_controller.rb:7:in `index'
"""

PHP = """\
PHP Fatal error:  Uncaught PDOException: SQLSTATE[HY000] [2002] Connection refused in /srv/depot/vendor/db/Pool.php:44
Stack trace:
#0 /srv/depot/vendor/db/Pool.php(44): PDO->__construct('mysql:host=10.7...', 'depot')
#1 /srv/depot/src/Shelf.php(12): Db\\Pool->take()
#2 {main}

Next Depot\\ShelfGone: no shelf in /srv/depot/src/Shelf.php:14
Stack trace:
#0 /srv/depot/public/index.php(7): Depot\\Shelf->load()
#1 {main}
  thrown in /srv/depot/src/Shelf.php on line 14
"""

LARAVEL = """\
[2031-01-02 15:04:05] x.ERROR: no {"exception":"[object] (Depot\\\\ShelfGone(code: 0): gone at /srv/app/Shelf.php:14)
[stacktrace]
#0 /srv/depot/vendor/laravel/src/Router.php(70): Depot\\\\Shelf->load()
#1 {main}

[previous exception] [object] (PDOException(code: 2): SQLSTATE[HY000] [2] Connection refused at /srv/app/Db.php:70)
[stacktrace]
#0 /srv/depot/app/Db.php(70): PDO->__construct()
#1 {main}
"}
"""

GO_RECOVERED = """\
2031/01/02 15:04:05 http: panic serving 10.7.0.4:51: runtime error: integer divide by zero [recovered]
\tpanic: again
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x6f1a2b]

goroutine 34 [running]:
net/http.(*conn).serve.func1()
\t/usr/local/go/src/net/http/server.go:1868 +0xb9
panic({0x6b1c40?, 0x8f9a30?})
\t/usr/local/go/src/runtime/panic.go:920 +0x270
example.org/depot/shelf.(*Shelf).Take(0x0, {0xc0000140a0, 0x3})
\t/srv/depot/shelf/shelf.go:21 +0x1d
created by net/http.(*Server).Serve in goroutine 1
\t/usr/local/go/src/net/http/server.go:3086 +0x5cb
"""

GO_DEADLOCK = """\
fatal error: all goroutines are asleep - deadlock!

goroutine 1 [chan receive]:
main.main()
\t/srv/depot/main.go:9 +0x2a
exit status 2
"""

GO_RACE = """\
==================
WARNING: DATA RACE
Write at 0x00c000014088 by goroutine 7:
  main.main.func1()
      /srv/depot/belt.go:12 +0x44

Previous read at 0x00c000014088 by main goroutine:
  main.main()
      /srv/depot/main.go:16 +0x88

Goroutine 7 (running) created at:
  main.main()
      /srv/depot/main.go:11 +0x7a
==================
Found 1 data race(s)
"""

GO_LOGGED = """\
2031-01-02T15:04:05.123Z\tERROR\tshelf/reconcile.go:44\tReconciler error\t{"shelf": "rye", "error": "no such shelf"}
sigs.k8s.io/controller-runtime/pkg/internal/controller.(*Controller).reconcileHandler
\t/go/pkg/mod/sigs.k8s.io/controller-runtime@v0.17.0/pkg/internal/controller/controller.go:329
example.org/depot/shelf.(*Reconciler).Reconcile
\t/workspace/shelf/reconcile.go:44
"""

KNOWN = {
    "python group": (PYTHON_GROUP, "python", "KeyError", "'rye'", 'File "/srv/mill/hopper.py", line 7, in feed'),
    "python nested group": (
        *(PYTHON_NESTED_GROUP, "python", "OSError", "[Errno 5] gate is jammed"),
        'File "/srv/mill/start.py", line 2, in boot',
    ),
    "lambda": (PYTHON_LAMBDA, "python", "KeyError", "'Parcels'", 'File "/var/task/weigh.py", line 14, in handler'),
    "java modules": (
        *(JAVA_MODULES, "java", "java.lang.NumberFormatException", 'For input string: "12kg"'),
        "at depot.sorting/org.depot.sorting.Scale.read(Scale.java:31)",
    ),
    "java suppressed": (
        *(JAVA_SUPPRESSED, "java", "java.net.ConnectException", "Connection refused"),
        "at org.depot.Wire.open(Wire.java:71)",
    ),
    "java root first": (
        *(JAVA_ROOT_FIRST, "java", "java.net.ConnectException", "Connection refused"),
        "at org.depot.Wire.open(Wire.java:71)",
    ),
    "kotlin": (
        *(KOTLIN, "java", "kotlin.UninitializedPropertyAccessException"),
        "lateinit property scale has not been initialized",
        "at org.depot.ParcelsKt$weigh$2.invokeSuspend(Parcels.kt:18) ~[depot.jar:na]",
    ),
    "node cause": (
        *(NODE_CAUSE, "node", "Error", "connect ECONNREFUSED 10.7.0.9:8443"),
        "at async weigh (/srv/depot/scale.js:18:20)",
    ),
    "node aggregate": (
        *(NODE_AGGREGATE, "node", "Error", "connect ECONNREFUSED ::1:5673"),
        "at Socket.open (/srv/depot/queue.js:9:11)",
    ),
    "chromium": (
        *(CHROMIUM, "browser", "TypeError", "Cannot read properties of undefined (reading 'parcels')"),
        "at listParcels (https://depot.example/assets/main-77aa.js:10:5)",
    ),
    "firefox": (
        *(FIREFOX, "browser", "TypeError", 'can\'t access property "parcels", shelf is undefined'),
        "listParcels@https://depot.example/assets/main-77aa.js:10:5",
    ),
    "firefox console": (
        *(FIREFOX_CONSOLE, "browser", "TypeError", "shelf is undefined"),
        "listParcels https://depot.example/assets/main-77aa.js:10",
    ),
    "safari": (
        *(SAFARI, "browser", "TypeError", "undefined is not an object (evaluating 'shelf.parcels')"),
        "listParcels@https://depot.example/assets/main-77aa.js:10:15",
    ),
    "rust, old": (
        *(RUST_OLD, "rust", "panic", "index out of bounds: the len is 3 but the index is 7"),
        "src/shelf.rs:10:5",
    ),
    "rust, new": (
        *(RUST_NEW, "rust", "panic", "called `Result::unwrap()` on an `Err` value: ConnectionRefused"),
        "at ./src/scale.rs:44:21",
    ),
    "dotnet": (
        *(DOTNET, "dotnet", "System.Net.Sockets.SocketException", "Connection refused"),
        "at Depot.Wire.Open(String host, Int32 port) in /src/Depot/Wire.cs:line 71",
    ),
    "dotnet logged": (
        *(DOTNET_LIBRARY, "dotnet", "Npgsql.PostgresException", '42P01: relation "parcels" does not exist'),
        "at Depot.Parcels.List() in C:\\src\\Depot\\Parcels.cs:line 18",
    ),
    "ruby": (RUBY, "ruby", "KeyError", "key not found: :rye", "/srv/depot/shelf.rb:12:in 'Hash#fetch'"),
    "ruby cause": (
        *(RUBY_CAUSE, "ruby", "Errno::ECONNREFUSED", "Connection refused - connect(2) for 10.7.0.9:8443"),
        "/srv/depot/belt.rb:7:in `turn'",
    ),
    "ruby hint": (
        *(RUBY_HINT, "ruby", "NameError", "undefined local variable or method `shelv' for main:Object"),
        "shelf.rb:3:in `<main>'",
    ),
    "rails": (
        *(RAILS, "ruby", "ActiveRecord::StatementInvalid"),
        'PG::UndefinedColumn: ERROR:  no column "kg"',
        "app/models/parcel.rb:18:in `heavy'",
    ),
    "php": (
        *(PHP, "php", "PDOException", "SQLSTATE[HY000] [2002] Connection refused"),
        "#1 /srv/depot/src/Shelf.php(12): Db\\Pool->take()",
    ),
    "laravel": (
        *(LARAVEL, "php", "PDOException", "SQLSTATE[HY000] [2] Connection refused"),
        "/srv/app/Db.php:70",
    ),
    "go recovered": (
        *(GO_RECOVERED, "go", "panic", "runtime error: integer divide by zero"),
        "/srv/depot/shelf/shelf.go:21",
    ),
    "go deadlock": (
        *(GO_DEADLOCK, "go", "fatal error", "all goroutines are asleep - deadlock!"),
        "/srv/depot/main.go:9",
    ),
    "go race": (GO_RACE, "go", "data race", "Write by goroutine 7", "/srv/depot/belt.go:12"),
    "go logged": (
        *(GO_LOGGED, "go", "error", 'Reconciler error\t{"shelf": "rye", "error": "no such shelf"}'),
        "/workspace/shelf/reconcile.go:44",
    ),
}


def only_trace(text: str) -> Trace:
    (trace,) = read(text.encode()).traces
    return trace


@pytest.mark.parametrize(("text", "language", "root", "message", "frame"), KNOWN.values(), ids=KNOWN)
def test_root_and_own_frame(text: str, language: str, root: str, message: str, frame: str) -> None:
    trace = only_trace(text)
    assert (trace.language, trace.root_type, trace.root_message, trace.frame) == (language, root, message, frame)
    lines = text.split("\n")
    assert message[:20] in lines[trace.root_line - 1] or root in lines[trace.root_line - 1] or root == "data race"
    assert frame in lines[(trace.frame_line or 0) - 1] or frame.replace(":", " on line ") in text


PREFIXES = {
    "kubernetes": "2031-01-02T15:04:05.123456789Z stderr F {}",
    "compose": "depot-1  | {}",
    "kubectl": "[pod/depot-7d9c/web] {}",
    "stern": "depot-7d9cdb8f4-x2k4q web {}",
    "syslog": "Jan  2 15:04:05 host depot[7]: {}",
    "journald": "2031-01-02T15:04:05+0100 host depot[7]: {}",
    "time": "2031-01-02T15:04:05.123Z {}",
    "github": "weigh\tRun tests\t2031-01-02T15:04:05.1234567Z {}",
    "gitlab": "2031-01-02T15:04:05.123456Z 01O {}",
    "jenkins": "[2031-01-02T15:04:05.123Z] {}",
    "heroku": "2031-01-02T15:04:05.123456+00:00 app[web.1]: {}",
    "cloudwatch": "2031-01-02T15:04:05.123000+00:00 depot/web/0123456789abcdef0123456789abcdef {}",
    "colours": "\x1b[31m{}\x1b[0m",
}


@pytest.mark.parametrize("prefix", PREFIXES.values(), ids=PREFIXES)
@pytest.mark.parametrize("name", KNOWN)
def test_prefixes_change_nothing(prefix: str, name: str) -> None:
    text = KNOWN[name][0]
    bare, wrapped = only_trace(text), only_trace("".join(f"{prefix.format(line)}\n" for line in text.splitlines()))
    assert (wrapped.fingerprint, wrapped.root_message) == (bare.fingerprint, bare.root_message)
    assert (wrapped.root_line, wrapped.frame_line, wrapped.last_line) == (
        *(bare.root_line, bare.frame_line, bare.last_line),
    )


@pytest.mark.parametrize("name", KNOWN)
def test_each_line_in_an_object_of_docker(name: str) -> None:
    text = KNOWN[name][0]
    bare = only_trace(text)
    objects = [{"log": f"{line}\n", "stream": "stderr", "time": "2031-01-02T15:04:05Z"} for line in text.splitlines()]
    wrapped = only_trace("".join(json.dumps(one, separators=(",", ":")) + "\n" for one in objects))
    assert (wrapped.fingerprint, wrapped.root_line, wrapped.frame) == (bare.fingerprint, bare.root_line, bare.frame)


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("field", ["stack_trace", "exc_info", "exception", "error.stack", "whatever"])
def test_traces_in_fields(name: str, field: str) -> None:
    text = KNOWN[name][0]
    line = json.dumps({"level": "error", "msg": "weighing", field: text})
    (trace,) = read(f"{line}\n{line}\n".encode()).traces
    assert (trace.fingerprint, trace.count) == (only_trace(text).fingerprint, 2)
    assert {trace.first_line, trace.root_line, trace.frame_line, trace.last_line} == {1}


@pytest.mark.parametrize("name", KNOWN)
def test_moved_lines_do_not_change_a_fingerprint(name: str) -> None:
    text = KNOWN[name][0]
    moved = re.sub(r"(?<=line )\d+|(?<=[a-z]:)\d+(?=[:)\s])|(?<=php\()\d+", "99", text)
    assert moved != text
    assert only_trace(moved).fingerprint == only_trace(text).fingerprint


@pytest.mark.parametrize("name", KNOWN)
def test_a_trace_between_other_lines_is_spanned(name: str) -> None:
    text = KNOWN[name][0]
    trace = only_trace(f"2031-01-02 15:04:05 INFO weighing parcel 7\n{text}2031-01-02 15:04:06 INFO going on\n")
    assert 2 <= trace.first_line <= trace.root_line <= trace.last_line <= text.count("\n") + 1
    assert trace.at is not None


@pytest.mark.parametrize(
    ("frame", "place"),
    [
        ("at Depot.Wire.Open(String host) in /src/Depot/Wire.cs:line 71", "/src/Depot/Wire.cs:71 in Depot.Wire.Open"),
        ("#1 /srv/depot/src/Shelf.php(12): Db\\Pool->take()", "/srv/depot/src/Shelf.php:12 in Db\\Pool->take"),
        ("/srv/depot/app/Db.php:70", "/srv/depot/app/Db.php:70"),
        ("/srv/depot/shelf.rb:12:in 'Hash#fetch'", "/srv/depot/shelf.rb:12 in Hash#fetch"),
        ("app/models/parcel.rb:18:in `heavy'", "app/models/parcel.rb:18 in heavy"),
        ("at ./src/scale.rs:44:21", "./src/scale.rs:44"),
        ("src/shelf.rs:10:5", "src/shelf.rs:10"),
        ("list@https://depot.example/main.js:10:5", "https://depot.example/main.js:10 in list"),
        ("at list (https://depot.example/main.js:10:5)", "https://depot.example/main.js:10 in list"),
    ],
)
def test_a_frame_reads_as_a_place(frame: str, place: str) -> None:
    assert place_of(frame) == place


@pytest.mark.parametrize(
    "text",
    [
        '"main" #1 prio=5 os_prio=0 tid=0x1 nid=0x2 runnable\n   java.lang.Thread.State: RUNNABLE\n'
        "\tat org.depot.Main.main(Main.java:5)\n\n",
        "#0 building with default instance\n#1 [internal] load build definition\n",
        "meet me at (12) the corner\n   at noon (or later)\n",
        "2031-01-02 15:04:05 INFO user@https://depot.example:443 signed in\n",
        "note: shelf.rb:12:in `take' is where it happens\n",
    ],
)
def test_what_only_looks_like_a_trace(text: str) -> None:
    assert read(text.encode()).traces == ()


PIECES = [line for text, *_ in KNOWN.values() for line in text.splitlines()]


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=40), st.integers(0, 39))
def test_any_mixture_of_lines_is_read_within_its_bounds(lines: list[str], at: int) -> None:
    at %= len(lines)
    if found := find_trace(lines, at):
        assert 0 <= found.first <= found.root.index <= found.last < len(lines)
        assert found.first <= at <= found.last
        assert all(found.first <= frame.index <= found.last for part in found.sections for frame in part.frames)
