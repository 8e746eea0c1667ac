# SPDX-License-Identifier: Apache-2.0
# Sourced by the job scripts beside it: how ranks are started on this cluster, and what becomes of a job that ends early.

# ---- What a cluster may need changed.

# module load openmpi hdf5
program=$home/build/zoetrope mpirun=mpirun  # build/cuda/zoetrope for GPUs
[[ ! -x $home/bin/zoetrope ]] || { program=$home/bin/zoetrope mpirun=$home/bin/mpirun; } # a bundle has its own of both
program=${ZOETROPE:-$program}
# `srun --mpi=list` names what a cluster's srun can do; without pmix, use run-mpirun.sbatch.
srun_options=(--mpi=pmix)
mpirun_options=()
# A job that failed (a lost node, a rank out of memory) goes on from its last checkpoint, but not for ever.
most_restarts_after_failure=3
# A job that is told to stop before it has saved anything new would not get further the next time, either.
most_restarts_without_progress=3
# A program that was told to save and stop is given so long: a minute less than --signal gives the job.
# (ZOETROPE_SECONDS_TO_STOP overrides it.)
seconds_to_stop=240

# ---- What Slurm and the submitter say.

say() { printf '%s %s\n' "$(date '+%Y-%m-%d %H:%M:%S')" "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 2; }

# Bash runs the commands that stand in a text which it computes with: x[$(command)]. So nothing that comes from outside
# reaches (( )) but digits, and 010 is ten.
is_count() { [[ $1 =~ ^[0-9]{1,9}$ ]]; }

# count NAME DEFAULT: the number in the environment variable NAME; DEFAULT where it is not set.
count() {
  local text=${!1:-$2}
  is_count "$text" || die "$1 is '$text', which is not a number of at most nine digits: set it to one, or unset it"
  echo "$((10#$text))"
}

cpus=$(count SLURM_CPUS_PER_TASK 1) || exit
nodes=$(count SLURM_JOB_NUM_NODES 1) || exit
ranks=$(count SLURM_NTASKS "$nodes") || exit
restarts=$(count SLURM_RESTART_COUNT 0) || exit
seconds_to_stop=$(count ZOETROPE_SECONDS_TO_STOP "$seconds_to_stop") || exit

# ---- The environment of the ranks.

export OMP_NUM_THREADS=$cpus             # for libraries that look at nothing else
export NCCL_DEBUG=${NCCL_DEBUG:-WARN}    # says why ranks on GPUs do not find one another
export SLURM_EXPORT_ENV=ALL              # ranks see this environment, also under sbatch --export=NONE

started=$(date +%s)
stopping=no # Slurm has said that the time is nearly up
trap 'stopping=yes' USR1

[[ -x $program ]] || die "$program: no such program; build it (script/build), or set ZOETROPE to where it is"

# ---- Starting ranks.

# set_command WORD...: the command that runs `zoetrope WORD...` on $ranks ranks of $nodes nodes, in `command`, and its
# run directory, in `run_folder`.
set_command() {
  local words=("$@") i
  run_folder=.
  for ((i = 1; i <= $#; i++)); do
    case ${!i} in
      --run) ((i++ < $#)) && run_folder=${!i} ;;
      --run=*) run_folder=${!i#*=} ;;
    esac
  done
  [[ $run_folder == /* ]] || run_folder=$PWD/$run_folder
  # A rank computes with the CPUs that Slurm gave it, bound to them or not.
  [[ " $* " == *" --threads"[\ =]* ]] || words+=(--threads "$cpus")
  if [[ ${launcher:-srun} == srun ]]; then
    srun --mpi=list 2>&1 | grep -q pmix || [[ ${srun_options[*]} != *pmix* ]] ||
      die "this cluster's srun knows no pmix: use mpirun (slurm/README.md)"
    # --cpus-per-task: srun does not take it over from sbatch. --kill-on-bad-exit: else the other ranks of one that
    # was killed wait for ever. --cpu-bind: each rank stays on its own cores.
    command=(srun "${srun_options[@]}" --nodes="$nodes" --ntasks="$ranks" --cpus-per-task="$cpus" --cpu-bind=cores
      --kill-on-bad-exit=1 "$program" "${words[@]}")
  else
    # --bind-to none: mpirun would bind a rank, and all of its threads, to one core.
    command=("$mpirun" --bind-to none -n "$ranks" "${mpirun_options[@]}" "$program" "${words[@]}")
  fi
}

# ---- Running to the end, whatever it takes.

# Runs `command`, and sets `code`. When the time is nearly up the program is told, too: it saves and ends. If it does
# not end in time, the job goes on from its last checkpoint.
run_command() {
  local child deadline=
  "${command[@]}" &
  child=$!
  while kill -0 "$child" 2>/dev/null; do
    if [[ $stopping == yes && -z $deadline ]]; then
      say "the time is nearly up: saving"
      kill -USR1 "$child" # srun and mpirun pass it on to the ranks
      deadline=$((SECONDS + seconds_to_stop))
    elif [[ -n $deadline ]] && ((SECONDS > deadline)); then
      say "not ended within $seconds_to_stop s"
      requeue_after_stop
    fi
    sleep 1 &
    wait $! # a signal interrupts wait, but would have to wait for sleep
  done
  wait "$child"
  code=$?
}

# Queues this job again: it starts anew, with the same words, and goes on where the files say. Does not return.
requeue() {
  # A job that somebody cancelled, or that Slurm is requeuing already, is none to queue again.
  [[ $(squeue -h -j "$SLURM_JOB_ID" -o %T 2>/dev/null) == RUNNING ]] || exit "${code:-1}"
  say "queued again; it will go on from what is saved"
  scontrol requeue "$SLURM_JOB_ID" || { say "this cluster does not requeue: submit the job again"; exit "${code:-1}"; }
  sleep 60 # Slurm ends this script
  exit "${code:-1}"
}

# Whether this attempt has saved what the next one need not do again. Frames and animations are drawn anew.
saved_something() {
  local places=("$run_folder"/checkpoint-* "$run_folder"/resume-* "$run_folder/analysis.h5")
  [[ -n $(find "${places[@]}" -type f -newermt "@$started" ! -name frame.png ! -name '*.tmp' -print -quit 2>/dev/null) ]]
}

# Queues this job again after it was told to stop, unless that has led nowhere several times in a row: a file in the
# run directory counts them. Does not return.
requeue_after_stop() {
  [[ -d $run_folder ]] || run_folder=$PWD
  local note=$run_folder/.nothing-saved-by-job-$SLURM_JOB_ID times=0
  if saved_something; then
    rm -f -- "$note"
    requeue
  fi
  if [[ -f $note ]]; then
    read -r -n 10 times <"$note"
    is_count "$times" || { say "$note: holds no number; counted from 0 again"; times=0; }
    times=$((10#$times))
  fi
  if ((times >= most_restarts_without_progress)); then
    rm -f -- "$note"
    say "stopped $((times + 1)) times in a row with nothing new saved in $run_folder: the work does not fit into the job's time"
    say "not tried again: give it more time (sbatch --time), more ranks (--ntasks), or smaller work"
    exit 1
  fi
  rm -f -- "$note" && echo $((times + 1)) >"$note" || die "$note: cannot be written; make room in the run directory, and submit the job again"
  requeue
}

# Runs `command`, and sees to it that the job goes on when it has not finished. Does not return.
run_job() {
  say "job $SLURM_JOB_ID on $SLURM_JOB_NODELIST: ${command[*]}"
  run_command
  case $code in
    0) exit 0 ;;
    2 | 3) exit "$code" ;;    # wrong options or files: the same again would not help
    75) requeue_after_stop ;; # saved before the end
  esac
  [[ $stopping == yes ]] && requeue_after_stop
  say "failed with code $code"
  ((restarts < most_restarts_after_failure)) && requeue
  say "not tried again after $restarts restarts"
  exit "$code"
}
