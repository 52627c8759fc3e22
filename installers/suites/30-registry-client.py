#!/usr/bin/env python3
"""Confluent's own Python client, unmodified, against Loom's schema registry: every call it has, in the order of a schema's life."""
import json, os, re, signal, subprocess, sys, tempfile, time, traceback

SCRATCH = tempfile.mkdtemp(dir=os.environ.get("TMPDIR"))
SITE = os.path.join(SCRATCH, "site")
subprocess.run(
    [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--target", SITE, "confluent-kafka[json,schema-registry]==2.16.1"],
    check=True,
)
sys.path.insert(0, SITE)

from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient  # noqa: E402
from confluent_kafka.schema_registry.error import SchemaRegistryError  # noqa: E402
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer  # noqa: E402
from confluent_kafka.serialization import MessageField, SerializationContext, SerializationError  # noqa: E402

TESTS = []


def test(f):
    TESTS.append(f)
    return f


def schema(properties, references=None, **more):
    text = json.dumps({"type": "object", "title": "T", "properties": properties, "additionalProperties": False, **more})
    return Schema(text, "JSON", references or [])


def refused(code, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except SchemaRegistryError as e:
        assert e.error_code == code, f"{e.error_code} instead of {code}: {e.error_message}"
        return e
    raise AssertionError(f"nothing was refused, {code} was expected")


NUMBER, TEXT = {"a": {"type": "integer"}}, {"a": {"type": "string"}}


@test
def registers_and_finds_again(c):
    s = schema(NUMBER)
    first = c.register_schema("life-value", s)
    assert c.register_schema("life-value", s) == first
    assert c.register_schema("other-value", s) == first, "the same schema has one id"
    assert json.loads(c.get_schema(first).schema_str) == json.loads(s.schema_str)
    assert c.lookup_schema("life-value", s).version == 1
    assert c.get_latest_version("life-value").schema_id == first
    assert c.get_version("life-value", 1).subject == "life-value"
    assert c.get_versions("life-value") == [1]
    assert {"life-value", "other-value"} <= set(c.get_subjects())
    assert c.get_subjects_by_schema_id(first) == ["life-value", "other-value"]
    assert [(v.subject, v.version) for v in c.get_schema_versions(first)] == [("life-value", 1), ("other-value", 1)]
    full = c.register_schema_full_response("life-value", s)
    assert full.schema_id == first
    guid = SchemaRegistryClient(c.conf_used).register_schema_full_response("life-value", s).guid
    assert json.loads(c.get_schema_by_guid(guid).schema_str) == json.loads(s.schema_str)
    assert c.get_schema_types() == ["JSON"]


@test
def what_comes_with_loom_is_there(c):
    latest = c.get_latest_version("device.sensor.gps.raw-value")
    assert latest.version >= 1 and "latitude" in latest.schema.schema_str
    refused(42205, c.delete_subject, "device.sensor.gps.raw-value")


@test
def serializes_and_deserializes(c):
    text = schema(NUMBER, required=["a"]).schema_str
    to, back = JSONSerializer(text, c), JSONDeserializer(text, schema_registry_client=c)
    at = SerializationContext("wire", MessageField.VALUE)
    data = to({"a": 1}, at)
    assert data[0] == 0 and back(data, at) == {"a": 1}
    assert "wire-value" in c.get_subjects()
    try:
        to({"a": "x"}, at)
        raise AssertionError("a wrong document was serialized")
    except SerializationError:
        pass
    later = JSONSerializer(text, c, conf={"auto.register.schemas": False, "use.latest.version": True})
    assert back(later({"a": 2}, at), at) == {"a": 2}


@test
def compatibility_is_kept(c):
    c.register_schema("kept", schema(NUMBER))
    assert c.test_compatibility("kept", schema({"a": {"type": "number"}}))
    assert not c.test_compatibility("kept", schema(TEXT))
    assert not c.test_compatibility_all_versions("kept", schema(TEXT))
    e = refused(409, c.register_schema, "kept", schema(TEXT))
    assert e.http_status_code == 409 and "TYPE_CHANGED" in e.error_message and "counterExample" in e.error_message, e.error_message
    for level in ["BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE", "NONE"]:
        c.set_compatibility("kept", level)
        assert c.get_compatibility("kept") == level
    assert c.register_schema("kept", schema(TEXT)) and c.get_versions("kept") == [1, 2]
    refused(42203, c.set_compatibility, "kept", "SIDEWARD")
    refused(40408, c.get_compatibility, "never-set")
    assert c.get_compatibility() == "BACKWARD"
    c.set_compatibility(level="FULL")
    assert c.get_compatibility() == "FULL"
    c.set_compatibility(level="BACKWARD")
    c.delete_config("kept")
    refused(40408, c.get_config, "kept")


@test
def references_are_followed(c):
    c.register_schema("part", Schema(json.dumps({"type": "integer", "minimum": 0}), "JSON"))
    whole = schema({"a": {"$ref": "part.json"}}, [SchemaReference("part.json", "part", 1)])
    made = c.register_schema("whole-value", whole)
    assert [(r.name, r.subject, r.version) for r in c.get_schema(made).references] == [("part.json", "part", 1)]
    assert c.get_referenced_by("part", 1) == [made]
    refused(42206, c.delete_subject, "part")
    at = SerializationContext("whole", MessageField.VALUE)
    to = JSONSerializer(whole, c)
    assert JSONDeserializer(whole, schema_registry_client=c)(to({"a": 1}, at), at) == {"a": 1}
    refused(42201, c.register_schema, "whole-value", schema({"a": {"$ref": "x.json"}}, [SchemaReference("x.json", "none", 1)]))
    refused(42201, c.register_schema, "remote", schema({"a": {"$ref": "https://example.com/x.json"}}))


@test
def modes_are_kept(c):
    assert c.get_global_mode() == "READWRITE"
    assert c.update_mode("shut", "READONLY") == "READONLY" and c.get_mode("shut") == "READONLY"
    refused(42205, c.register_schema, "shut", schema(NUMBER))
    assert c.delete_mode("shut") == "READONLY"
    refused(40409, c.get_mode, "shut")
    assert c.update_global_mode("READONLY_OVERRIDE") == "READONLY_OVERRIDE"
    refused(42205, c.register_schema, "shut", schema(NUMBER))
    assert c.update_global_mode("READWRITE") == "READWRITE"
    refused(42205, c.update_global_mode, "IMPORT")
    refused(42204, c.update_mode, "shut", "AJAR")


@test
def normalizing_finds_what_is_written_otherwise(c):
    a = Schema('{"type":"object","additionalProperties":false,"properties":{"n":{"type":"integer"}}}', "JSON")
    b = Schema('{"properties": {"n": {"type": "integer"}}, "additionalProperties": false, "type": "object"}', "JSON")
    made = c.register_schema("norm", a, normalize_schemas=True)
    assert c.lookup_schema("norm", b, normalize_schemas=True).schema_id == made


@test
def deletes_softly_and_for_good(c):
    c.register_schema("gone", schema(NUMBER))
    refused(40407, c.delete_version, "gone", 1, permanent=True)
    assert c.delete_version("gone", 1) == 1
    refused(40406, c.delete_version, "gone", 1)
    assert "gone" not in c.get_subjects() and "gone" in c.get_subjects(deleted=True)
    assert c.get_versions("gone", deleted_only=True) == [1] and c.get_version("gone", 1, deleted=True).version == 1
    refused(40404, c.delete_subject, "gone")
    assert c.delete_version("gone", 1, permanent=True) == 1
    refused(40401, c.get_versions, "gone")
    c.register_schema("gone", schema(NUMBER))
    refused(40405, c.delete_subject, "gone", permanent=True)
    assert c.delete_subject("gone") == [1]
    assert c.delete_subject("gone", permanent=True) == [1]
    assert "gone" not in c.get_subjects(deleted=True)


@test
def says_what_is_not_there_or_wrong(c):
    refused(40403, c.get_schema, 99999)
    refused(40401, c.get_latest_version, "none")
    refused(40401, c.lookup_schema, "none", schema(NUMBER))
    c.register_schema("there", schema(NUMBER))
    refused(40402, c.get_version, "there", 7)
    refused(40403, c.lookup_schema, "there", schema(TEXT))
    for bad in ['{"type": 12}', "", "{", '{"a":1,"a":2}', '{"$ref":"#"}', '{"pattern":"(?=a)b"}']:
        refused(42201, c.register_schema, "there", Schema(bad, "JSON"))
    refused(42201, c.register_schema, "there", Schema('"string"', "AVRO"))
    assert c.get_contexts() == ["."]


def serve():
    env = {k: v for k, v in os.environ.items() if not k.startswith("LOOM_")}
    env.update(LOOM_DATA_DIR=os.path.join(SCRATCH, "data"), LOOM_PORT="0")
    loom = subprocess.Popen([os.environ["LOOM"], "serve", "--no-microphone"], env=env, stdout=subprocess.PIPE, text=True)
    line = loom.stdout.readline()
    address = re.search(r"http://\S+", line)
    if not address:
        loom.kill()
        sys.exit("loom serve printed no address: " + line)
    with open(os.path.join(SCRATCH, "data", "api-token"), encoding="utf-8") as f:
        return loom, address[0], f.read().strip()


def main():
    loom, url, token = serve()
    conf = {
        "url": url + "/schema-registry",
        "bearer.auth.credentials.source": "STATIC_TOKEN",
        "bearer.auth.token": token,
        "bearer.auth.logical.cluster": "-",
        "bearer.auth.identity.pool.id": "-",
    }
    passed = failed = 0
    try:
        for f in TESTS:
            client = SchemaRegistryClient(conf)
            client.conf_used = conf
            began = time.monotonic()
            try:
                f(client)
                passed += 1
                print(f"ok {f.__name__} {time.monotonic() - began:.2f} s")
            except Exception:
                failed += 1
                print(f"not ok {f.__name__}\n{traceback.format_exc()}")
    finally:
        loom.send_signal(signal.SIGTERM)
        try:
            loom.wait(20)
        except subprocess.TimeoutExpired:
            loom.kill()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
