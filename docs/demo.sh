#!/usr/bin/env bash
# The whole way on real recordings, with nothing but the commands that people type.
# bash docs/demo.sh FOLDER: everything it makes goes into FOLDER, which it makes anew.
set -euo pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=${1:?usage: bash docs/demo.sh FOLDER}
data=tests/data
thermal=$data/IR_DRONE_121
visible=$data/V_DRONE_007

if [ -e "$out" ] && [ ! -e "$out/.made-by-demo" ]; then
    echo "error: $out: exists and was not made by the demo; name another folder" >&2
    exit 2
fi
rm -rf "$out" && mkdir -p "$out" && touch "$out/.made-by-demo"

table=()
stage() { # stage NAME WHAT-IT-MADE COMMAND…: show the command, run it, note the seconds
    local name=$1 made=$2 start
    shift 2
    printf '\n\033[1m$ %s\033[0m\n' "$*"
    start=${EPOCHREALTIME/./}
    "$@"
    table+=("$(printf '%-12s %6.1f s   %s' "$name" "$(((${EPOCHREALTIME/./} - start) / 10000))e-2" "$made")")
}

# A thermal recording, one box of which a person drew; the tracker draws the rest.
stage init "an empty dataset" tirdata init "$out/thermal"
stage fetch "312 white-hot frames" tirdata fetch $thermal.mp4 --dataset "$out/thermal"
stage annotate "a box in every frame from one" \
    tirdata annotate "$out/thermal" --box 203,117,29,16 --frame 0 --class drone --propagate
stage validate "every file checked" tirdata validate "$out/thermal"
stage masks "binary target masks" tirdata masks "$out/thermal" --style lasot

# Visible light turned grey, with boxes that somebody else drew.
stage init "a second dataset" tirdata init "$out/visible"
stage fetch "302 grey frames" tirdata fetch $visible.mp4 --dataset "$out/visible"
stage import "their boxes" tirdata import $visible.txt --dataset "$out/visible" \
    --format boxes --recording V_DRONE_007.mp4 --class drone --one-based

# A tracker trained on both, stopped half-way and gone on with.
stage build-mix "a training mix of both" \
    tirdata build-mix --tir "$out/thermal" --vid "$out/visible" --out "$out/mix"
train=(tirdata train mmnet --mix "$out/mix" --strategy mix-train --out "$out/run"
    --epochs 1 --pairs-per-epoch 48)
stage train "3 steps and a checkpoint" "${train[@]}" --stop-after 3
stage train "the rest, from the checkpoint" "${train[@]}"

# How well the shipped weights follow the drone and a helicopter, against boxes that people drew.
stage init "a third dataset" tirdata init "$out/truth"
stage fetch "two recordings" \
    tirdata fetch $thermal.mp4 $data/IR_HELICOPTER_043.mp4 --dataset "$out/truth"
stage import "the drone's true boxes" tirdata import $thermal.txt --dataset "$out/truth" \
    --format boxes --recording IR_DRONE_121.mp4 --class drone --one-based
stage import "the helicopter's" tirdata import $data/IR_HELICOPTER_043.txt --dataset "$out/truth" \
    --format boxes --recording IR_HELICOPTER_043.mp4 --class helicopter --one-based
stage evaluate "scores and a report" \
    tirdata evaluate mmnet "$out/truth" --protocol one-pass --out "$out/results"

printf '\nstage        seconds    made\n'
printf '%s\n' "${table[@]}"
printf '%-12s %6.1f s\n' "in all" "$SECONDS"
