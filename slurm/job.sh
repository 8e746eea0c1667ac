# SPDX-License-Identifier: Apache-2.0
# Sourced by the job scripts beside it: how ranks are started on this cluster, and what becomes of a job that ends early.

# ---- What a cluster may need changed.

# module load openmpi hdf5
program=$home/build/zoetrope mpirun=mpirun
# What `script/build cuda` makes is for jobs with GPUs, and for all where there is no other.
if [[ -x $home/build/cuda/zoetrope ]]; then
  [[ -x $program && -z ${SLURM_JOB_GPUS:-} && ${SLURM_GPUS_ON_NODE:-0} == 0 ]] || program=$home/build/cuda/zoetrope
fi
[[ ! -x $home/bin/zoetrope ]] || { program=$home/bin/zoetrope mpirun=$home/bin/mpirun; } # a bundle has its own of both
program=${ZOETROPE:-$program}
# `srun --mpi=list` names what a cluster's srun can do; without pmix, use run-mpirun.sbatch.
srun_options=(--mpi=pmix)
mpirun_options=()
# A job that failed (a rank out of memory, a full disk) goes on from what is saved, but not for ever: so often in a row
# with nothing new saved in between. Until the next try it waits, for what is wrong to pass.
# (ZOETROPE_SECONDS_BEFORE_RETRY overrides it.)
most_restarts_after_failure=3
seconds_before_retry=30
# A job that is told to stop before it has saved anything new would not get further the next time, either.
most_restarts_without_progress=3
# A program that was told to save and stop is given so long: a minute less than --signal gives the job.
# (ZOETROPE_SECONDS_TO_STOP overrides it.)
seconds_to_stop=240
# A controller of Slurm that does not answer, as while it is started anew, is asked again for so long.
# (ZOETROPE_SECONDS_TO_ASK overrides it.)
seconds_to_ask=600

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
seconds_before_retry=$(count ZOETROPE_SECONDS_BEFORE_RETRY "$seconds_before_retry") || exit
seconds_to_ask=$(count ZOETROPE_SECONDS_TO_ASK "$seconds_to_ask") || exit

# ---- The environment of the ranks.

export OMP_NUM_THREADS=$cpus             # for libraries that look at nothing else
export NCCL_DEBUG=${NCCL_DEBUG:-WARN}    # says why ranks on GPUs do not find one another
export SLURM_EXPORT_ENV=ALL              # ranks see this environment, also under sbatch --export=NONE
# By default Slurm's PMIx lets a rank leave MPI's start before ranks of other nodes have come to it (seen with Slurm 22.05),
# and a message that it sends them then is a segmentation fault there. In a ring they wait for one another.
export SLURM_PMIX_FENCE=${SLURM_PMIX_FENCE:-ring}
# A mpirun that is told to end, as when the job is preempted, gives its ranks so long to save; by default one second.
export OMPI_MCA_odls_base_sigkill_timeout=${OMPI_MCA_odls_base_sigkill_timeout:-10}

code=1 launcher=srun # not what the environment may have by these names
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
  [[ $run_folder != "~" && $run_folder != "~/"* ]] || run_folder=$HOME${run_folder:1} # as the program does
  [[ $run_folder == /* ]] || run_folder=$PWD/$run_folder
  # A rank computes with the CPUs that Slurm gave it, bound to them or not.
  [[ " $* " == *" --threads"[\ =]* ]] || words+=(--threads "$cpus")
  if [[ $launcher == srun ]]; then
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

# pause SECONDS: as sleep, but a signal to this script is not kept waiting.
pause() {
  sleep "$1" &
  wait $!
}

# Runs `command`, and sets `code`. When the time is nearly up the program is told, too: it saves and ends. If it does
# not end in time, the job goes on from its last checkpoint.
run_command() {
  local child deadline=
  rm -f -- "$run_folder/ended.ini" # an earlier attempt's
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
    pause 1
  done
  wait "$child"
  code=$?
  ((code == 0)) || ask_the_run
}

# Takes the code from what the program has said of its end, in the run directory: mpirun returns 1 where it was told to
# end itself, and srun 143 where it ended ranks after the first. What is read is compared, and never run.
ask_the_run() {
  local line job= said=
  [[ -f $run_folder/ended.ini ]] || return
  while IFS= read -r line; do
    case $line in
      "job = "*) job=${line#job = } ;;
      "code = "*) said=${line#code = } ;;
    esac
  done < <(head -c 4096 -- "$run_folder/ended.ini" | tr -d '\0')
  [[ $job == "$SLURM_JOB_ID" && $said =~ ^(2|3|4|75)$ ]] && code=$said
}

# Queues this job again: it starts anew, with the same words, and goes on where the files say. Does not return.
requeue() {
  local since=$SECONDS state refusals=0
  say "to be queued again; it will go on from what is saved"
  while true; do
    if state=$(squeue -h -j "$SLURM_JOB_ID" -o %T 2>&1); then
      # A job that somebody cancelled, or that Slurm is requeuing already, is none to queue again.
      [[ $state == *RUNNING* ]] || exit "$code"
      if scontrol requeue "$SLURM_JOB_ID"; then
        sleep 60 # Slurm ends this script
        exit "$code"
      fi
      ((++refusals < 3)) || { say "this cluster does not requeue: submit the job again"; exit "$code"; }
    elif [[ $state == *"Invalid job id"* ]]; then
      exit "$code"
    fi
    if ((SECONDS - since >= seconds_to_ask)); then
      say "Slurm's controller has not answered for $seconds_to_ask s: submit the job again"
      exit "$code"
    fi
    say "not queued yet: Slurm's controller is asked again in a moment"
    pause 5
  done
}

# Whether this attempt has saved what the next one need not do again. Frames and animations are drawn anew.
saved_something() {
  local places=("$run_folder"/checkpoint-* "$run_folder"/resume-* "$run_folder/analysis.h5" "$run_folder/analysis.parts")
  [[ -n $(find "${places[@]}" -type f -newermt "@$started" ! -name frame.png ! -name '*.tmp' -print -quit 2>/dev/null) ]]
}

# count_in_a_row NAME: how often this job has come here before with nothing new saved in between, in `times`; a file in
# the run directory counts, which is `note`.
count_in_a_row() {
  [[ -d $run_folder ]] || run_folder=$PWD
  note=$run_folder/.$1-$SLURM_JOB_ID times=0
  [[ -f $note ]] || return 0
  read -r -n 10 times <"$note"
  is_count "$times" || { say "$note: holds no number; counted from 0 again"; times=0; }
  times=$((10#$times))
}

# Counts once more.
write_note() {
  rm -f -- "$note" && echo $((times + 1)) >"$note" || die "$note: cannot be written; make room in the run directory, and submit the job again"
}

# Queues this job again after it was told to stop, unless that has led nowhere several times in a row. Does not return.
requeue_after_stop() {
  local note times
  count_in_a_row nothing-saved-by-job
  if saved_something; then
    forget_attempts
    requeue
  fi
  if ((times >= most_restarts_without_progress)); then
    rm -f -- "$note"
    say "stopped $((times + 1)) times in a row with nothing new saved in $run_folder: the work does not fit into the job's time"
    say "not tried again: give it more time (sbatch --time), more ranks (--ntasks), or smaller work"
    exit 1
  fi
  write_note
  requeue
}

# The same after a failure, of which `code` tells, and after a while. What the job was queued again for otherwise, its
# time limit or a node, counts for nothing here.
requeue_after_failure() {
  local note times
  say "failed with code $code"
  count_in_a_row failures-of-job
  if saved_something; then
    forget_attempts
    times=0
  fi
  if ((times >= most_restarts_after_failure)); then
    rm -f -- "$note"
    say "not tried again after $((times + 1)) failures in a row with nothing new saved in $run_folder"
    say "whether it is the hosts, the network or the file system says a job of this size: sbatch [size] slurm/doctor.sbatch --run ..."
    exit "$code"
  fi
  write_note
  say "tried again in $seconds_before_retry s"
  [[ $stopping == yes ]] || pause "$seconds_before_retry"
  requeue
}

# Something was saved, or all is done: what happens from now on is no longer in a row with what was before.
forget_attempts() {
  rm -f -- "$run_folder/.nothing-saved-by-job-$SLURM_JOB_ID" "$run_folder/.failures-of-job-$SLURM_JOB_ID"
}

# Runs `command`, and sees to it that the job goes on when it has not finished. Does not return.
run_job() {
  say "job $SLURM_JOB_ID, attempt $((restarts + 1)), on $SLURM_JOB_NODELIST: ${command[*]}"
  run_command
  case $code in
    0) forget_attempts; exit 0 ;;
    2 | 3) forget_attempts; exit "$code" ;; # wrong options or files: the same again would not help
    75) requeue_after_stop ;;               # saved before the end
  esac
  [[ $stopping == yes ]] && requeue_after_stop
  requeue_after_failure
}
