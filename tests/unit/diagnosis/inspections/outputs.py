"""What commands print, healthy and not, for the tests of both."""

from __future__ import annotations

DOCKER_PS = """
    $ docker ps -a
    CONTAINER ID   IMAGE          COMMAND      CREATED       STATUS                      PORTS      NAMES
    4f1a2b3c4d5e   lantern:2.1    "/run"       2 hours ago   Up 2 hours (healthy)        3000/tcp   lantern
    8a9b0c1d2e3f   postgres:16    "postgres"   2 hours ago   Up 2 hours                  5432/tcp   tide-db
    1c2d3e4f5a6b   migrate:2.1    "/migrate"   2 hours ago   Exited (0) 2 hours ago                 migrate
"""
DOCKER_INSPECT = """
    [
        {
            "Id": "4f1a2b3c4d5e6f708192a3b4c5d6e7f8",
            "Created": "2031-03-04T08:00:00.1Z",
            "State": {
                "Status": "running",
                "Running": true,
                "Paused": false,
                "Restarting": false,
                "OOMKilled": false,
                "Dead": false,
                "Pid": 811,
                "ExitCode": 0,
                "Error": "",
                "StartedAt": "2031-03-04T08:00:01.2Z",
                "FinishedAt": "0001-01-01T00:00:00Z",
                "Health": {
                    "Status": "healthy",
                    "FailingStreak": 0,
                    "Log": [
                        {"Start": "2031-03-04T09:00:00Z", "End": "2031-03-04T09:00:01Z", "ExitCode": 0, "Output": "ok"}
                    ]
                }
            },
            "Name": "/lantern",
            "RestartCount": 0,
            "HostConfig": {"Memory": 268435456},
            "Config": {"Image": "quay/lantern:2.1"}
        }
    ]
"""
SYSTEMCTL = """
    $ systemctl status lantern
    ● lantern.service - Lantern of the quay
         Loaded: loaded (/etc/systemd/system/lantern.service; enabled; preset: enabled)
         Active: active (running) since Tue 2031-03-04 08:00:01 UTC; 2h 3min ago
       Main PID: 811 (lantern)
          Tasks: 9 (limit: 4567)
         Memory: 41.2M
            CPU: 3.120s
         CGroup: /system.slice/lantern.service
                 └─811 /usr/local/bin/lantern --port 3000
"""
SYSTEMCTL_FAILED = """
    $ systemctl status lantern
    × lantern.service - Lantern of the quay
         Loaded: loaded (/etc/systemd/system/lantern.service; enabled; preset: enabled)
         Active: failed (Result: exit-code) since Tue 2031-03-04 08:00:01 UTC; 3min ago
        Process: 811 ExecStart=/usr/local/bin/lantern --port 3000 (code=exited, status=2)
       Main PID: 811 (code=exited, status=2)
            CPU: 20ms
"""
UNITS = """
    $ systemctl list-units
      UNIT             LOAD   ACTIVE SUB     DESCRIPTION
      lantern.service  loaded active running Lantern of the quay
      ssh.service      loaded active running OpenBSD Secure Shell server
"""
DF = """
    $ df -h
    Filesystem      Size  Used Avail Use% Mounted on
    udev            3.9G     0  3.9G   0% /dev
    /dev/sda1        50G   21G   27G  44% /
    /dev/sdb1       200G   90G  101G  48% /srv/tide data
    /dev/loop3       64M   64M     0 100% /snap/core20/1828
    tmpfs           795M  1.1M  794M   1% /run
"""
DF_INODES = """
    $ df -i
    Filesystem      Inodes   IUsed   IFree IUse% Mounted on
    /dev/sda1      3276800  212345 3064455    7% /
    /dev/sdb1     13107200 5000000 8107200   39% /srv
"""
FREE = """
    $ free -h
                   total        used        free      shared  buff/cache   available
    Mem:            15Gi       6.1Gi       420Mi       120Mi       9.0Gi       8.9Gi
    Swap:          2.0Gi       1.0Gi       1.0Gi
"""
TOP = """
    $ top -b -n 1
    top - 10:15:01 up 12 days,  3:01,  2 users,  load average: 0.42, 0.38, 0.30
    Tasks: 212 total,   1 running, 211 sleeping,   0 stopped,   0 zombie
    %Cpu(s):  6.2 us,  1.9 sy,  0.0 ni, 91.5 id,  0.2 wa,  0.0 hi,  0.2 si,  0.0 st
    MiB Mem :  15884.2 total,    420.1 free,   6240.0 used,   9224.1 buff/cache
    MiB Swap:   2048.0 total,   1024.0 free,   1024.0 used.   9113.9 avail Mem

        PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND
        811 lantern   20   0 1240880  41200  12040 S   4.3   0.3   3:12.40 lantern
       1201 postgres  20   0  218880  31200  29040 S   2.0   0.2   1:10.11 postgres
"""
PS = """
    $ ps aux
    USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND
    root           1  0.0  0.1 167744 11776 ?        Ss   Mar01   0:05 /sbin/init
    lantern      811  4.3  0.3 1240880 41200 ?       Ssl  08:00   3:12 /usr/local/bin/lantern --port 3000
"""
SS = """
    $ ss -ltnp
    State    Recv-Q   Send-Q     Local Address:Port      Peer Address:Port   Process
    LISTEN   0        4096           127.0.0.1:5432           0.0.0.0:*       users:(("postgres",pid=1201,fd=5))
    LISTEN   0        511              0.0.0.0:80             0.0.0.0:*       users:(("nginx",pid=700,fd=6))
    LISTEN   0        128                 [::]:22                [::]:*       users:(("sshd",pid=640,fd=4))
"""
NETSTAT = """
    $ netstat -ltnp
    Active Internet connections (only servers)
    Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name
    tcp        0      0 127.0.0.1:5432          0.0.0.0:*               LISTEN      1201/postgres
    tcp6       0      0 :::22                   :::*                    LISTEN      640/sshd: /usr/sbin
"""
DIG = """
    $ dig quay.example A

    ; <<>> DiG 9.18.24 <<>> quay.example A
    ;; global options: +cmd
    ;; Got answer:
    ;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 41912
    ;; flags: qr rd ra; QUERY: 1, ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 1

    ;; OPT PSEUDOSECTION:
    ; EDNS: version: 0, flags:; udp: 1232
    ;; QUESTION SECTION:
    ;quay.example.			IN	A

    ;; ANSWER SECTION:
    quay.example.		300	IN	A	192.0.2.10

    ;; Query time: 12 msec
    ;; SERVER: 10.0.0.2#53(10.0.0.2) (UDP)
    ;; WHEN: Tue Mar 04 10:00:00 UTC 2031
    ;; MSG SIZE  rcvd: 57
"""
CURL = """
    $ curl -v https://quay.example/berths
    * Host quay.example:443 was resolved.
    * IPv6: (none)
    * IPv4: 192.0.2.10
    *   Trying 192.0.2.10:443...
    * Connected to quay.example (192.0.2.10) port 443
    * ALPN: curl offers h2,http/1.1
    * TLSv1.3 (OUT), TLS handshake, Client hello (1):
    * TLSv1.3 (IN), TLS handshake, Server hello (2):
    * SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384
    * Server certificate:
    *  subject: CN=quay.example
    *  start date: Jan  1 00:00:00 2031 GMT
    *  expire date: Apr  1 00:00:00 2031 GMT
    *  SSL certificate verify ok.
    > GET /berths HTTP/1.1
    > Host: quay.example
    > User-Agent: curl/8.5.0
    > Accept: */*
    >
    < HTTP/1.1 200 OK
    < Server: nginx/1.26.0
    < Date: Tue, 04 Mar 2031 10:00:00 GMT
    < Content-Type: application/json
    <
    * Connection #0 to host quay.example left intact
"""
OPENSSL = """
    $ openssl s_client -connect quay.example:443 -servername quay.example
    CONNECTED(00000003)
    depth=2 C = XX, O = Harbour Trust, CN = Harbour Root
    verify return:1
    depth=0 CN = quay.example
    verify return:1
    ---
    Certificate chain
     0 s:CN = quay.example
       i:C = XX, O = Harbour Trust, CN = Harbour Issuing
       a:PKEY: rsaEncryption, 2048 (bit); sigalg: RSA-SHA256
       v:NotBefore: Jan  1 00:00:00 2031 GMT; NotAfter: Apr  1 00:00:00 2031 GMT
    ---
    SSL handshake has read 3100 bytes and written 400 bytes
    Verification: OK
    ---
    New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384
    Verify return code: 0 (ok)
    ---
"""
PSQL = """
    tide=> SELECT pid, state, wait_event_type, now() - xact_start AS open, query FROM pg_stat_activity;
      pid  | state  | wait_event_type |      open       |            query
    -------+--------+-----------------+-----------------+------------------------------
      1301 | active |                 | 00:00:00.004    | SELECT * FROM berths
      1302 | idle   | Client          |                 | COMMIT
    (2 rows)
"""
NODES = """
    $ kubectl get nodes
    NAME      STATUS   ROLES           AGE   VERSION
    pier-a    Ready    control-plane   90d   v1.31.2
    pier-b    Ready    <none>          90d   v1.31.2
"""
DEPLOYMENTS = """
    $ kubectl get deployments -n harbour
    NAME      READY   UP-TO-DATE   AVAILABLE   AGE
    lantern   3/3     3            3           90d
"""
CLAIMS = """
    $ kubectl get pvc -n harbour
    NAME         STATUS   VOLUME                                     CAPACITY   ACCESS MODES   STORAGECLASS   AGE
    tide-data    Bound    pvc-0b1c2d3e-1111-2222-3333-444455556666   10Gi       RWO            fast           90d
"""
AUTOSCALERS = """
    $ kubectl get hpa -n harbour
    NAME      REFERENCE            TARGETS        MINPODS   MAXPODS   REPLICAS   AGE
    lantern   Deployment/lantern   cpu: 41%/70%   2         6         3          90d
"""
TOP_NODES = """
    $ kubectl top nodes
    NAME     CPU(cores)   CPU%   MEMORY(bytes)   MEMORY%
    pier-a   250m         6%     2100Mi          27%
    pier-b   900m         22%    5100Mi          66%
"""
ROLLOUT = """
    $ kubectl rollout status deployment/lantern -n harbour
    Waiting for deployment "lantern" rollout to finish: 1 old replicas are pending termination...
    deployment "lantern" successfully rolled out
"""
GIT = """
    $ git pull
    Updating 1a2b3c4..5d6e7f8
    Fast-forward
     tide.py | 12 ++++++------
     1 file changed, 6 insertions(+), 6 deletions(-)
    $ git status
    HEAD detached at v2.1
    nothing to commit, working tree clean
"""
PIP = """
    $ pip install tidewatch
    Collecting tidewatch
      Downloading tidewatch-1.2.0-py3-none-any.whl (12 kB)
    Installing collected packages: tidewatch
    Successfully installed tidewatch-1.2.0
"""
NPM = """
    $ npm ci
    npm warn deprecated inflight@1.0.6: This module is not supported
    added 212 packages, and audited 213 packages in 4s
    found 0 vulnerabilities
"""

HEALTHY = {
    "docker ps": DOCKER_PS,
    "docker inspect": DOCKER_INSPECT,
    "systemctl status": SYSTEMCTL,
    "systemctl list-units": UNITS,
    "df": DF,
    "df -i": DF_INODES,
    "free": FREE,
    "top": TOP,
    "ps": PS,
    "ss": SS,
    "netstat": NETSTAT,
    "dig": DIG,
    "curl": CURL,
    "openssl": OPENSSL,
    "psql": PSQL,
    "kubectl get nodes": NODES,
    "kubectl get deployments": DEPLOYMENTS,
    "kubectl get pvc": CLAIMS,
    "kubectl get hpa": AUTOSCALERS,
    "kubectl top nodes": TOP_NODES,
    "kubectl rollout": ROLLOUT,
    "git": GIT,
    "pip": PIP,
    "npm": NPM,
}

# What else goes wrong: what is printed, the fault, and words of the answer.
FAILING = [
    (
        SYSTEMCTL_FAILED,
        "systemd_unit_failed",
        "lantern.service failed (result: exit-code); its process ExecStart=/usr/local/bin/lantern",
    ),
    (
        UNITS.replace("active running Lantern", "failed failed  Lantern").replace("  lantern", "● lantern"),
        "systemd_unit_failed",
        "lantern.service (Lantern of the quay) has failed",
    ),
    (
        """
        * Could not resolve host: quai.example
        * Closing connection
        curl: (6) Could not resolve host: quai.example
        """,
        "dns_name_not_found",
        "quai.example",
    ),
    (
        """
        *   Trying 192.0.2.10:443...
        * connect to 192.0.2.10 port 443 from 10.0.0.1 port 51000 failed: Connection refused
        * Failed to connect to quay.example port 443 after 3 ms: Couldn't connect to server
        """,
        "connection_refused",
        "quay.example",
    ),
    (
        """
        *   Trying 192.0.2.10:443...
        * Connection timed out after 5001 milliseconds
        curl: (28) Connection timed out after 5001 milliseconds
        """,
        "connection_timeout",
        "timed out after 5001",
    ),
    (
        """
        *   Trying 192.0.2.10:443...
        * Connected to quay.example (192.0.2.10) port 443
        * SSL certificate problem: certificate has expired
        * closing connection #0
        """,
        "certificate_expired",
        "certificate has expired",
    ),
    (
        """
        ; <<>> DiG 9.18.24 <<>> @10.0.0.9 quay.example
        ; (1 server found)
        ;; global options: +cmd
        ;; communications error to 10.0.0.9#53: timed out
        ;; no servers could be reached
        """,
        "dns_unavailable",
        "quay.example got no answer",
    ),
    (
        """
        CONNECTED(00000003)
        ---
        no peer certificate available
        ---
        No client certificate CA names sent
        """,
        "tls_handshake_failed",
        "presents no certificate",
    ),
    (
        """
        Auto-merging tide.py
        CONFLICT (content): Merge conflict in tide.py
        Automatic merge failed; fix conflicts and then commit the result.
        """,
        "git_merge_conflict",
        "tide.py",
    ),
    (
        """
        To quay.example:tide.git
         ! [rejected]        main -> main (fetch first)
        error: failed to push some refs to 'quay.example:tide.git'
        """,
        "git_push_rejected",
        "failed to push some refs",
    ),
    (
        """
        ERROR: Could not find a version that satisfies the requirement tidewatch==9 (from versions: 1.0, 1.2)
        ERROR: No matching distribution found for tidewatch==9
        """,
        "dependency_conflict",
        "tidewatch",
    ),
    (
        """
          error: subprocess-exited-with-error
          tide.c:3:10: fatal error: Python.h: No such file or directory
          error: command '/usr/bin/gcc' failed with exit code 1
        ERROR: Failed building wheel for tidewatch
        """,
        "package_build_failed",
        "tidewatch",
    ),
    (
        """
        npm error code ERESOLVE
        npm error ERESOLVE unable to resolve dependency tree
        """,
        "dependency_conflict",
        "ERESOLVE",
    ),
    (
        """
        npm error code E404
        npm error 404 Not Found - GET https://registry.npmjs.org/tidewach - Not found
        """,
        "npm_package_missing",
        "404",
    ),
    (
        """
        npm error code EBADENGINE
        npm error engine Unsupported engine
        """,
        "npm_engine_unsupported",
        "EBADENGINE",
    ),
    (
        """
        Waiting for deployment "lantern" rollout to finish: 1 out of 3 new replicas have been updated...
        error: deployment "lantern" exceeded its progress deadline
        """,
        "rollout_stuck",
        "lantern",
    ),
]
