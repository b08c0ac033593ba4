#!/usr/bin/python3
"""redis-py (Debian's python3-redis 4.3) as a client of the server $SERVER.

    SERVER=../milestone6_persistence/server clients/redis_py_test.py
    SERVER=clients/redis-server clients/redis_py_test.py -v RedisPy.test_lists

RESP2 only: redis-py has RESP3 since 5.0.
"""

import datetime
import os
import random
import subprocess
import tempfile
import unittest

import redis

EVERY_BYTE = bytes(range(256))
TIMEOUT_S = 60  # of one reply; only a server that hangs ever takes so long


# No snapshots in the background, but one at the end: by default 10,000 changes
# would start one, or 64 MB of them.
SAVE_AT_THE_END = ["--save", "3600 1", "--auto-aof-rewrite-percentage", "0"]


class Server:
    """$SERVER on a port that it chooses itself, with a directory of its own."""

    def __init__(self, *options):
        self.options = options
        self.directory = tempfile.TemporaryDirectory(prefix="klh-test-")
        self.port = 0
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [os.environ["SERVER"], "--port", str(self.port),
             "--dir", self.directory.name, *SAVE_AT_THE_END, *self.options],
            stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on 127.0.0.1:"):
            self.process.wait()
            raise RuntimeError(f"the server does not start: {line!r}")
        self.port = int(line.rpartition(":")[2])

    def end(self):
        self.process.terminate()
        status = self.process.wait()
        self.process.stdout.close()
        if status != 0:
            raise RuntimeError(f"the server ends with status {status}")

    def restart(self):
        self.end()
        self.start()  # on the port that it had

    def close(self):
        self.end()
        self.directory.cleanup()

    def client(self, **options):
        return redis.Redis(host="127.0.0.1", port=self.port,
                           socket_timeout=TIMEOUT_S, **options)


class RedisPy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.close)

    def setUp(self):
        self.r = self.server.client(decode_responses=True)
        self.addCleanup(self.r.close)
        self.r.flushall()

    def test_strings(self):
        r, equal = self.r, self.assertEqual
        equal(r.set("name", "Alice"), True)
        equal(r.set("name", "Bob", nx=True), None)
        equal(r.set("name", "Bob", xx=True, get=True), "Alice")
        equal(r.get("name"), "Bob")
        equal(r.get("nobody"), None)
        equal(r.set("grüße", "世界"), True)
        equal(r.get("grüße"), "世界")
        equal(r.setnx("name", "x"), False)
        equal(r.getset("name", "Carol"), "Bob")
        equal(r.mset({"a": 1, "b": 2}), True)
        equal(r.msetnx({"b": 3, "c": 3}), False)
        equal(r.mget("a", "nosuch", "b"), ["1", None, "2"])
        equal(r.append("name", "ine"), 8)
        equal(r.strlen("name"), 8)
        equal(r.getrange("name", 0, -5), "Caro")
        equal(r.setrange("name", 5, "yn"), 8)
        equal(r.getdel("name"), "Carolyne")
        equal(r.incr("n"), 1)
        equal(r.incrby("n", 41), 42)
        equal(r.decr("n", 2), 40)
        equal(r.incrbyfloat("n", 0.5), 40.5)

    def test_lists(self):
        r, equal = self.r, self.assertEqual
        equal(r.rpush("color", "red", "blue", "orange"), 3)
        equal(r.lpush("color", "green"), 4)
        equal(r.lpushx("nosuch", "x"), 0)
        equal(r.lrange("color", 0, -1), ["green", "red", "blue", "orange"])
        equal(r.llen("color"), 4)
        equal(r.lindex("color", -1), "orange")
        equal(r.lindex("color", 9), None)
        equal(r.linsert("color", "before", "blue", "pink"), 5)
        equal(r.lset("color", 0, "red"), True)
        equal(r.lpos("color", "red", count=0), [0, 1])
        equal(r.lrem("color", 0, "red"), 2)
        equal(r.ltrim("color", 0, 1), True)
        equal(r.lmove("color", "other", "LEFT", "RIGHT"), "pink")
        equal(r.rpoplpush("color", "other"), "blue")
        equal(r.lmpop(2, "color", "other", direction="LEFT", count=5),
              ["other", ["blue", "pink"]])
        equal(r.lpop("color"), None)
        equal(r.exists("color", "other"), 0)

    def test_hashes(self):
        r, equal = self.r, self.assertEqual
        equal(r.hset("user", mapping={"name": "prem", "age": 21}), 2)
        equal(r.hset("user", "age", 22), 0)
        equal(r.hsetnx("user", "age", 23), 0)
        equal(r.hget("user", "name"), "prem")
        equal(r.hget("user", "nosuch"), None)
        equal(r.hmget("user", "age", "nosuch"), ["22", None])
        equal(r.hgetall("user"), {"name": "prem", "age": "22"})
        equal(r.hgetall("nobody"), {})
        equal(sorted(r.hkeys("user")), ["age", "name"])
        equal(sorted(r.hvals("user")), ["22", "prem"])
        equal(r.hlen("user"), 2)
        equal(r.hexists("user", "name"), True)
        equal(r.hexists("user", "nosuch"), False)
        equal(r.hstrlen("user", "name"), 4)
        equal(r.hincrby("user", "age", 8), 30)
        equal(r.hincrbyfloat("user", "age", 0.5), 30.5)
        equal(r.hrandfield("user", 1, withvalues=True) in
              (["name", "prem"], ["age", "30.5"]), True)
        equal(r.hdel("user", "name", "age", "nosuch"), 2)

    def test_sorted_sets(self):
        r, equal = self.r, self.assertEqual
        inf = float("inf")
        equal(r.zadd("board", {"alice": 10, "bob": 12.5, "carol": -inf}), 3)
        equal(r.zadd("board", {"alice": 11}, ch=True), 1)
        equal(r.zadd("board", {"alice": 1}, incr=True), 12.0)
        equal(r.zincrby("board", 0.1, "bob"), 12.6)
        equal(r.zscore("board", "carol"), -inf)
        equal(r.zscore("board", "nobody"), None)
        equal(r.zmscore("board", ["alice", "nobody"]), [12.0, None])
        equal(r.zcard("board"), 3)
        equal(r.zrank("board", "bob"), 2)
        equal(r.zrevrank("board", "bob"), 0)
        equal(r.zrank("board", "nobody"), None)
        equal(r.zcount("board", "(12", inf), 1)
        equal(r.zrange("board", 0, -1), ["carol", "alice", "bob"])
        equal(r.zrange("board", 0, 0, desc=True, withscores=True),
              [("bob", 12.6)])
        equal(r.zrange("board", 0, 20, byscore=True, offset=0, num=1),
              ["alice"])
        equal(r.zrangebyscore("board", "-inf", 12, withscores=True),
              [("carol", -inf), ("alice", 12.0)])
        equal(r.zrevrange("board", 0, 1), ["bob", "alice"])
        equal(r.zadd("even", {"alice": 2, "dave": 4}), 2)
        equal(r.zadd("names", {"ann": 0, "ben": 0, "cid": 0}), 3)
        equal(r.zrangebylex("names", "[ann", "(cid"), ["ann", "ben"])
        equal(r.zlexcount("names", "-", "+"), 3)
        equal(r.zunionstore("all", ["board", "even"]), 4)
        equal(r.zinter(["board", "even"], withscores=True), [("alice", 14.0)])
        equal(r.zdiff(["even", "board"]), ["dave"])
        equal(r.zpopmax("all"), [("alice", 14.0)])
        equal(r.zpopmin("all", 2), [("carol", -inf), ("dave", 4.0)])
        equal(r.zmpop(1, ["all"], max=True), ["all", [["bob", "12.6"]]])
        equal(r.zremrangebyrank("board", 0, 0), 1)
        equal(r.zrem("board", "alice", "nobody"), 1)

    def test_keys_and_expiry(self):
        r, equal = self.r, self.assertEqual
        r.mset({"a": 1, "b": 2, "c": 3})
        equal(sorted(r.keys("[ab]")), ["a", "b"])
        equal(r.exists("a", "a", "nosuch"), 2)
        equal(r.type("a"), "string")
        equal(r.type("nosuch"), "none")
        equal(r.rename("a", "d"), True)
        equal(r.renamenx("b", "c"), False)
        equal(r.copy("d", "e"), True)
        equal(r.randomkey() in ("b", "c", "d", "e"), True)
        equal(r.touch("b", "nosuch"), 1)
        equal(r.object("encoding", "b"), "int")
        equal(r.delete("b", "nosuch"), 1)
        equal(r.unlink("c"), 1)

        equal(r.ttl("d"), -1)
        equal(r.ttl("nosuch"), -2)
        equal(r.expire("d", datetime.timedelta(hours=1)), True)
        equal(3590 < r.ttl("d") <= 3600, True)
        equal(r.expire("d", 9000, gt=True), True)
        equal(r.expireat("d", 4000000000), True)
        equal(r.execute_command("EXPIRETIME", "d"), 4000000000)
        equal(r.pexpireat("d", 4000000000123), True)
        equal(r.pttl("d") > 0, True)
        equal(r.persist("d"), True)
        equal(r.setex("f", 100, "x"), True)
        equal(r.getex("f", persist=True), "x")
        equal(r.ttl("f"), -1)
        equal(r.set("f", "y", px=100000), True)
        equal(r.set("f", "z", keepttl=True), True)
        equal(90 < r.ttl("f") <= 100, True)
        equal(r.expire("f", -1), True)
        equal(r.get("f"), None)

    def test_server(self):
        r, equal = self.r, self.assertEqual
        equal(r.ping(), True)
        equal(r.echo("hello"), "hello")
        info = r.info()
        equal(info["redis_version"].startswith("7.0"), True)
        equal(info["tcp_port"], self.server.port)
        equal(info["process_id"] > 0, True)
        equal(info["connected_clients"] >= 1, True)
        equal(info["used_memory_rss"] > 0, True)
        equal(info["role"], "master")
        r.set("key", "value", ex=1000)
        equal(r.info("keyspace")["db0"]["keys"], 1)
        equal(r.info("keyspace")["db0"]["expires"], 1)
        equal(r.dbsize(), 1)
        seconds, microseconds = r.time()
        equal(seconds > 1.6e9 and 0 <= microseconds < 1000000, True)
        equal(r.config_get("port"), {"port": str(self.server.port)})
        equal(r.config_get("max*")["maxclients"], "10000")
        equal(r.config_set("timeout", 0), True)
        equal(r.memory_usage("key") > 0, True)
        equal(r.save(), True)
        equal(r.flushdb(), True)
        equal(r.dbsize(), 0)

    def test_client_command(self):
        r, equal = self.r, self.assertEqual
        with r.client() as one:  # keeps its connection
            equal(one.client_setname("tester"), True)
            equal(one.client_getname(), "tester")
            me = one.client_id()
            equal(one.client_info()["id"], me)
            listed, = one.client_list(client_id=[str(me)])
            equal(listed["name"], "tester")
            other = self.server.client(single_connection_client=True)
            equal(one.client_kill_filter(_id=other.client_id()), 1)
            other.close()

    def test_command(self):
        r, equal = self.r, self.assertEqual
        commands = r.command()
        equal(r.command_count(), len(commands))
        equal(commands["get"]["arity"], 2)
        equal("readonly" in commands["get"]["flags"], True)
        equal(commands["mset"]["step_count"], 2)
        equal(r.command_getkeys("MSET", "a", 1, "b", 2), ["a", "b"])
        # Where redis-py looks for the keys of commands it does not know.
        equal(commands["lmpop"]["flags"], ["write", "movablekeys"])

    def test_errors(self):
        r = self.r
        r.set("text", "abc")
        error = redis.ResponseError
        with self.assertRaisesRegex(error, "^WRONGTYPE Operation against a"):
            r.lpush("text", "x")
        with self.assertRaisesRegex(error, "^value is not an integer"):
            r.incr("text")
        with self.assertRaisesRegex(error, "^unknown command 'NOSUCH'"):
            r.execute_command("NOSUCH", "a")
        with self.assertRaisesRegex(error, "^wrong number of arguments for"):
            r.execute_command("GET")
        with self.assertRaisesRegex(error, "^no such key"):
            r.rename("nosuch", "x")
        with self.assertRaisesRegex(error, "^index out of range"):
            r.rpush("list", "x")
            r.lset("list", 5, "x")
        with self.assertRaisesRegex(error, "^syntax error"):
            r.execute_command("SET", "a", "b", "NOSUCH")
        with self.assertRaisesRegex(error, "^invalid expire time"):
            r.set("a", "b", ex=0)
        self.assertEqual(r.ping(), True)

    def test_pipeline_larger_than_all_buffers(self):
        key, value = 'k' * 280, 'v' * 1000
        self.r.set(key, value)
        pipe = self.r.pipeline(transaction=False)
        for _ in range(55_000):
            pipe.get(key)
        # assertEqual would look for the difference for minutes.
        self.assertTrue(pipe.execute() == [value] * 55_000)

    def test_pipeline(self):
        pipe = self.r.pipeline(transaction=False)
        for i in range(5000):
            pipe.set(f"key:{i}", i)
            pipe.get(f"key:{i}")
        expected = [each for i in range(5000) for each in (True, str(i))]
        self.assertEqual(pipe.execute() == expected, True)

        pipe.incr("n").lpush("key:0", "x").incr("n")
        replies = pipe.execute(raise_on_error=False)
        self.assertEqual(replies[::2], [1, 2])
        self.assertIsInstance(replies[1], redis.ResponseError)

    def test_every_byte(self):
        r, equal = self.server.client(), self.assertEqual
        self.addCleanup(r.close)
        b = EVERY_BYTE
        r.set(b, b)
        equal(r.get(b), b)
        equal(r.keys(), [b])
        r.rpush(b"list", b, b"")
        equal(r.lrange(b"list", 0, -1), [b, b""])
        r.hset(b"hash", b, b)
        equal(r.hgetall(b"hash"), {b: b})
        r.zadd(b"zset", {b: 1})
        equal(r.zrange(b"zset", 0, -1, withscores=True), [(b, 1.0)])

    def test_64_megabytes(self):
        r = self.server.client()
        self.addCleanup(r.close)
        big = random.randbytes(64 << 20)
        self.assertEqual(r.set("big", big), True)
        self.assertEqual(r.strlen("big"), 64 << 20)
        self.assertEqual(r.get("big") == big, True)  # not shown if different

    def test_scan_iterators(self):
        r, equal = self.r, self.assertEqual
        keys = {f"key:{i}" for i in range(5000)}
        numbers = {key: i for i, key in enumerate(keys)}
        r.mset(numbers)
        r.hset("hash", mapping=numbers)
        r.zadd("zset", numbers)
        equal(set(r.scan_iter(match="key:*")) == keys, True)
        equal(set(r.scan_iter(count=1000)) == keys | {"hash", "zset"}, True)
        equal(list(r.scan_iter(_type="hash")), ["hash"])
        equal({k: int(v) for k, v in r.hscan_iter("hash")} == numbers, True)
        equal(dict(r.zscan_iter("zset")) == numbers, True)
        equal(dict(r.hscan_iter("hash", match="key:77")),
              {"key:77": str(numbers["key:77"])})

    def test_authentication(self):
        server = Server("--requirepass", "sesame")
        self.addCleanup(server.close)
        with self.assertRaisesRegex(redis.AuthenticationError, "^Auth"):
            server.client().get("a")
        with self.assertRaisesRegex(redis.ResponseError, "^WRONGPASS"):
            server.client(password="wrong").get("a")
        client = server.client(password="sesame", client_name="me")
        self.assertEqual(client.client_getname(), "me")
        client = server.client(username="default", password="sesame")
        self.assertEqual(client.ping(), True)

    def test_reconnects(self):
        server = Server()
        self.addCleanup(server.close)
        client = server.client()
        client.set("name", EVERY_BYTE)
        client.rpush("list", "a", "b")
        client.set("old", "x", ex=1000)
        server.restart()
        self.assertEqual(client.get("name"), EVERY_BYTE)
        self.assertEqual(client.lrange("list", 0, -1), [b"a", b"b"])
        self.assertEqual(0 < client.ttl("old") <= 1000, True)
        self.assertEqual(client.dbsize(), 3)


if __name__ == "__main__":
    unittest.main()
