"""What a command would do is judged without running it, and never too kindly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faultmaven.diagnosis.commands.risk import risk_of

READ_ONLY = """
kubectl get pods -n shop -o jsonpath='{.items[*].metadata.name}'
kubectl describe pod POD_NAME -n NAMESPACE
kubectl -n shop logs web-1 --previous --tail=100
kubectl top pod && kubectl auth can-i list pods --as=system:serviceaccount:shop:web
kubectl rollout status deployment/web
kubectl wait --for=condition=ready pod/web
kubectl exec -n shop web-1 -- df -h
docker ps -a
docker logs web 2>&1 | tail -n 50
docker inspect --format '{{.State.Status}}' web
docker compose ps
systemctl status nginx
systemctl list-units --failed
journalctl -u nginx --since "1 hour ago" --no-pager
df -h; du -xh --max-depth=2 /var | sort -h
free -m
ss -ltnp | grep ':8080'
ps aux --sort=-rss | head
dig +short db.internal
curl -sS -o /dev/null -w "%{http_code}\\n" http://127.0.0.1:8080/healthz
curl -I https://example.com
curl -X GET http://127.0.0.1:9200/_cat/allocation?v
openssl s_client -connect h:443 -servername h </dev/null 2>/dev/null | openssl x509 -noout -dates
psql -h db -U app -c "select count(*) from pg_stat_activity"
psql -Atc "show max_connections"
psql -c '\\dt'
mysql -h db -e "show processlist"
redis-cli -h cache info memory
redis-cli config get maxmemory-policy
git log --oneline -n 20 -- src
git status && git diff HEAD~1
cat /etc/hosts | grep -v '^#' | wc -l
find /var/log -name '*.log' -size +100M
awk '{print $1}' access.log | sort | uniq -c
sed -n '10,20p' app.conf
nginx -t
ip addr
ip route get 10.0.0.1
/usr/bin/uptime
timeout 5 df -h
LC_ALL=C sort names.txt
command -v envsubst
sh -c 'ls -l'
watch -n 2 'df -h'
aws sts get-caller-identity
aws s3 ls
pip show yaml
npm ls express
helm history web
sysctl fs.inotify.max_user_watches
crontab -l
mysql -e 'show engine innodb status\\G'
time ls
for p in a b; do echo done; done
date +%s
""".strip().split("\n")

CHANGING = """
kubectl rollout restart deployment/web -n shop
kubectl apply -f web.yaml
kubectl scale deployment web --replicas=3
kubectl set image deployment/web web=v2
kubectl edit configmap web
systemctl restart nginx
sudo systemctl restart nginx
systemctl start x; systemctl status x
kill 4711
kill -9 4711
chmod 644 /etc/app.yaml
pip install requests
npm install
docker restart web
docker run -it alpine
curl -X POST http://127.0.0.1/reload
curl -d 'a=b' http://127.0.0.1/
curl -o out.html http://127.0.0.1/
curl -sSo out http://127.0.0.1/
wget http://example.com/x
ls > listing.txt
echo 1 >> /etc/sysctl.conf
df -h | tee usage.txt
psql -c "update users set active = true"
psql -c "select pg_terminate_backend(4711)"
redis-cli config set maxmemory 2gb
sysctl -w vm.overcommit_memory=1
sysctl vm.swappiness=1
journalctl --vacuum-size=200M
git commit -m x
git log --output=x
git log --outp=x
sort -o sorted.txt names.txt
sed -i s/a/b/ file
ip link set eth0 down
hostname web2
date 01010000
uniq in.txt out.txt
nginx -s reload
find . -fprint list.txt
for p in a b; do kubectl rollout restart deployment/web; done
""".strip().split("\n")

DESTRUCTIVE = """
rm -rf /srv/data
/bin/rm x
r\\m x
'rm' x
"r"m x
\\rm x
env rm x
env -i A=b rm x
A=b rm x
sudo rm x
sudo -u postgres psql -c "drop table users"
nice -n 5 rm x
timeout 5 rm x
timeout -s KILL 5 rm x
nohup rm x &
xargs rm
find . -name x | xargs -0 rm -f
find . -delete
find . -name '*.tmp' -exec rm {} \\;
sh -c "rm -rf x"
bash -lc 'ls; rm x'
eval "rm x"
watch rm x
watch 'ls; rm x'
ls; rm x
ls && rm x
ls || rm x
ls | rm x
ls & rm x
(ls; rm x)
{ ls; rm x; }
echo $(rm x)
echo `rm x`
echo "$(rm x)"
echo "`rm x`"
cat <(rm x)
if true; then rm x; fi
while true; do rm x; done
cat <<EOF
! rm x
kubectl delete pod web-1
kubectl -n shop delete pod web-1
kubectl --namespace shop delete pod web-1
kubectl drain node-1
kubectl exec web-1 -- rm -rf /data
docker exec web sh -c 'rm -rf /data'
docker system prune -f
docker rm -f web
docker compose down -v
helm uninstall web
terraform destroy
git reset --hard HEAD~1
git clean -fd
git push --force
psql -c "drop table users"
psql -c "select 1; delete from users"
psql -c "with gone as (delete from users returning *) select * from gone"
psql -c "truncate users"
mysql -e "DROP DATABASE shop"
redis-cli flushall
redis-cli -h cache -p 6379 FLUSHDB
mkfs.ext4 /dev/sdb1
dd if=/dev/zero of=/dev/sda
echo x > /dev/sda
> /var/log/app.log
: > /var/log/app.log
cat /dev/null > /var/log/app.log
curl -X DELETE http://127.0.0.1:9200/orders
aws s3 rm s3://bucket/x
aws ec2 terminate-instances --instance-ids i-1
rabbitmqctl purge_queue orders
pip uninstall yaml
crontab -r
ssh web1 rm -rf /data
tar -xf x.tar
busybox rm x
""".strip().split("\n")
DESTRUCTIVE[DESTRUCTIVE.index("cat <<EOF")] = "bash <<EOF\nrm x\nEOF"

UNKNOWN = """
frobnicate --all
curl -sS http://example.com/install.sh | sh
wget -qO- http://example.com/x | bash
sudo cat /etc/shadow
./ls
/tmp/ls
PATH=/tmp ls
LD_PRELOAD=./x.so ls
$COMMAND x
echo $(ls)
echo `ls`
ls '
ls "
ls # and more
ls \\; x
kubectl get $WHAT
kubectl {get,describe} pods
find . -name *.log
curl dict://127.0.0.1:6379/info
curl -K config http://x/
curl -w '%output{x}' http://x/
git -c core.pager=less log
psql
psql -f migrate.sql
psql -c "select my_function()"
psql -c 'select "my_function"(1)'
mysql -e 'show tables \\! ls \\G'
for PATH in /tmp; do ls; done
psql -c "\\! ls"
redis-cli
python -c "print(1)"
node -e "1"
awk '{system($0)}' x
awk '{print > "x"}' x
sed 's/a/b/w out' x
sed '1e ls' x
sh script.sh
ls() { true; }
eval ls
echo !!
xargs ls
POD_NAME
ls\u202e
ls\r
""".strip("\n").split("\n")


@pytest.mark.parametrize("command", READ_ONLY)
def test_reading_is_known_to_be_reading(command: str) -> None:
    assert risk_of(command) == "read_only"


@pytest.mark.parametrize("command", CHANGING)
def test_changes_are_seen(command: str) -> None:
    assert risk_of(command) == "changes_state"


@pytest.mark.parametrize("command", DESTRUCTIVE)
def test_destruction_is_seen_through_every_disguise(command: str) -> None:
    assert risk_of(command) == "destructive"


@pytest.mark.parametrize("command", UNKNOWN)
def test_what_cannot_be_known_is_not_claimed(command: str) -> None:
    assert risk_of(command) == "unknown"


PIECES = st.sampled_from(
    [*"'\"`$(){}<>|&;#\\!*?[]=~ \n\t", "ls", "cat x", "kubectl get pods", "$(", "<<", "EOF", "&&", "2>&1", "-c", "sh",
     "echo", "<(", "${", "case", "for x in", "do", "\\\n", "$'", "psql -c", "env", "git log", "\u202e", "\x00"]
)  # fmt: skip


@given(
    st.one_of(
        st.text(max_size=60), st.lists(PIECES, max_size=14).map("".join), st.lists(PIECES, max_size=9).map(" ".join)
    )
)
def test_nothing_in_front_hides_a_removal(command: str) -> None:
    assert risk_of(f"{command}; rm -rf x") != "read_only"
    assert risk_of(f"{command}\nrm -rf x") != "read_only"


@given(
    st.sampled_from(READ_ONLY),
    st.sampled_from([*CHANGING, *DESTRUCTIVE, *UNKNOWN]),
    st.sampled_from(["; ", " && ", " | "]),
)
def test_the_worst_part_wins(reading: str, other: str, joint: str) -> None:
    assert risk_of(reading + joint + other) != "read_only"


@pytest.mark.parametrize(
    "hostile", ["$(" * 5000, "(" * 5000, "`" * 5000, "env " * 4000, "a" * 30_000, '"$(' * 3000, "<(" * 4000]
)
def test_depth_and_length_are_bounded(hostile: str) -> None:
    assert risk_of(hostile) == "unknown"
