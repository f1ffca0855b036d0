#!/usr/bin/env bash
# The whole way on real recordings, with nothing but the commands that people type.
# bash docs/demo/run.sh FOLDER: everything that it makes goes into FOLDER, which it makes anew.
set -euo pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
out=${1:?usage: bash docs/demo/run.sh FOLDER}
data=tests/data

if [ -e "$out" ] && [ ! -e "$out/.made-by-demo" ]; then
    echo "error: $out: exists and was not made by the demo; name another folder" >&2
    exit 2
fi
rm -rf "$out" && mkdir -p "$out" && touch "$out/.made-by-demo"

rows=()
stage() { # stage NAME WHAT-IT-MADE COMMAND…: show the command, run it, note the seconds
    local name=$1 made=$2 start=${EPOCHREALTIME/./}
    shift 2
    printf '\n$ %s\n' "$*"
    "$@"
    rows+=("$(printf '%-10s %8.1f  %s' "$name" "$(((${EPOCHREALTIME/./} - start) / 100000))e-1" "$made")")
}

# Three seconds of a thermal recording; a person draws one box, the tracker the rest.
stage fetch "$out/thermal: white-hot frames" \
    tirdata fetch docs/demo/thermal.csv --dataset "$out/thermal"
stage annotate "$out/thermal/Annotations: a box in every frame" \
    tirdata annotate "$out/thermal" --box 203,117,29,16 --frame 0 --class drone --propagate
stage validate "every file checked" \
    tirdata validate "$out/thermal"
stage masks "$out/thermal/Masks/lasot: binary masks" \
    tirdata masks "$out/thermal" --style lasot

# Visible light turned grey, with boxes that somebody else drew.
stage fetch "$out/visible: grey frames" \
    tirdata fetch docs/demo/visible.csv --dataset "$out/visible"
stage import "their boxes" \
    tirdata import $data/V_DRONE_007.txt --dataset "$out/visible" \
    --recording V_DRONE_007.mp4 --class drone --format boxes --one-based

# A tracker trained on both: stopped after two steps, and gone on with.
stage build-mix "$out/mix: shards of both" \
    tirdata build-mix --vid "$out/visible" --tir "$out/thermal" --out "$out/mix"
stage train "$out/run: a checkpoint after 2 steps" \
    tirdata train mmnet --mix "$out/mix" --strategy mix-train --out "$out/run" \
    --epochs 1 --pairs-per-epoch 16 --batch 4 --stop-after 2
stage train "$out/run: weights after 4 steps" \
    tirdata train mmnet --mix "$out/mix" --strategy mix-train --out "$out/run" \
    --epochs 1 --pairs-per-epoch 16 --batch 4

# How well the weights that ship follow two targets, against boxes that people drew.
stage fetch "$out/truth: two recordings" \
    tirdata fetch docs/demo/truth.csv --dataset "$out/truth"
stage import "boxes of the drone" \
    tirdata import $data/IR_DRONE_121.txt --dataset "$out/truth" \
    --recording IR_DRONE_121.mp4 --class drone --format boxes --one-based
stage import "boxes of the helicopter" \
    tirdata import $data/IR_HELICOPTER_043.txt --dataset "$out/truth" \
    --recording IR_HELICOPTER_043.mp4 --class helicopter --format boxes --one-based
stage evaluate "$out/evaluation: scores and a report" \
    tirdata evaluate mmnet "$out/truth" --protocol one-pass --out "$out/evaluation"

printf '\nstage       seconds  made\n'
printf '%s\n' "${rows[@]}"
printf '%-10s %8.1f\n\n' "in all" "$SECONDS"
echo "report: $PWD/$out/evaluation/report.html"
