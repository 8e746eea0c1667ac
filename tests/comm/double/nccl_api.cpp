// SPDX-License-Identifier: Apache-2.0
// The part of NCCL's C interface that the NCCL backend uses. Its rules are in double.hpp.
#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <nccl.h>

#include "capture.hpp"
#include "double.hpp"
#include "exchange.hpp"
#include "model.hpp"

using namespace zoetrope::comm::nccl_double;

// NCCL's own opaque type, given a body here.
struct ncclComm {
  int rank = 0;
  int size = 1;
  bool is_non_blocking = false;
  std::atomic<bool> aborted{false};
  std::atomic<ncclResult_t> state{ncclInProgress};
  std::atomic<ncclResult_t> broken{ncclSuccess};  // see break_communicators()
  std::atomic<int> polls_to_settle{0};  // how often the last call's state is still reported as in progress
  std::unique_ptr<Exchange> exchange;
  std::thread starter;            // connects, splits, finalises beside the caller
  CUstream_st* stream = nullptr;  // of the last call
  std::int64_t groups = 0;
  std::atomic<int> groups_under_way{0};
  enum class Life { kAlive, kFinalized, kEnded } life = Life::kAlive;
  std::set<void*> registrations;
  std::vector<std::vector<Call>> abandoned;  // MPI may still use their memory
  int graphs = 0;                            // that hold its collectives

  ~ncclComm() {
    if (starter.joinable()) starter.join();
  }
};

namespace {

constexpr int kPollsToSettle = 2;

struct PendingCall {
  ncclComm_t comm;
  CUstream_st* stream;
  Call call;
};

MPI_Comm world = MPI_COMM_NULL;
std::vector<std::unique_ptr<ncclComm>> comms;  // kept after their end, to find out later uses
std::mutex comms_mutex;
thread_local int group_depth = 0;
thread_local std::vector<PendingCall> pending;
const std::vector<CapturedGroup>* expected = nullptr;  // of the replay under way
std::size_t next_expected = 0;
int reported_version = NCCL_VERSION_CODE;

Model& model() {
  return Model::instance();
}

ncclResult_t refuse(const std::string& violation) {
  model().violation(violation);
  return ncclInvalidUsage;
}

ncclComm_t make_comm(int rank, int size, const ncclConfig_t* config) {
  auto comm = std::make_unique<ncclComm>();
  comm->rank = rank;
  comm->size = size;
  comm->is_non_blocking = config != nullptr && config->blocking == 0;
  model().count("communicator", 1);
  const std::lock_guard lock(comms_mutex);
  return comms.emplace_back(std::move(comm)).get();
}

// Runs `task` beside the caller, as a non-blocking communicator does; its error becomes the communicator's.
// Non-blocking says ncclInProgress even where the task was quicker than the caller, so that every rank sees
// the same.
template <typename Task>
ncclResult_t start(ncclComm_t comm, Task task) {
  if (comm->starter.joinable()) comm->starter.join();
  comm->state = ncclInProgress;
  comm->starter = std::thread([comm, task] {
    try {
      task();
      comm->state = ncclSuccess;
    } catch (const Aborted&) {
      comm->state = ncclInternalError;
    } catch (const Mismatch& mismatch) {
      model().violation(mismatch.what());
      comm->state = ncclInvalidUsage;
    }
  });
  if (comm->is_non_blocking) return ncclInProgress;
  comm->starter.join();
  return comm->state.load();
}

bool is_usable(ncclComm_t comm, const char* call) {
  std::string why;
  if (comm == nullptr)
    why = "no communicator";
  else if (comm->aborted)
    why = "a communicator that was aborted";
  else if (comm->life == ncclComm::Life::kEnded)
    why = "a communicator that was destroyed";
  else if (comm->life == ncclComm::Life::kFinalized)
    why = "a communicator that was finalised";
  else if (comm->state == ncclInProgress)
    why = "a communicator that is still being made";
  else if (comm->polls_to_settle > 0)
    why = "a communicator whose last call is still in progress";
  if (why.empty()) return true;
  model().violation(std::string(call) + " with " + why);
  return false;
}

void execute(ncclComm_t comm, std::vector<Call>& group) {
  try {
    while (fault() == Fault::kCollectivesHang && !comm->aborted) std::this_thread::yield();
    if (comm->aborted) throw Aborted();
    if (comm->state == ncclSuccess) comm->exchange->run(group);
  } catch (const Aborted&) {
    comm->abandoned.push_back(std::move(group));
  } catch (const Mismatch& mismatch) {
    model().violation(mismatch.what());
    comm->state = ncclInvalidUsage;
  }
  --comm->groups_under_way;
}

bool are_same(const CapturedGroup& captured, ncclComm_t comm, const std::vector<Call>& group) {
  const auto same_call = [](const Call& a, const Call& b) {
    return a.agreed.kind == b.agreed.kind && a.agreed.count == b.agreed.count &&
           a.agreed.type == b.agreed.type && a.agreed.op == b.agreed.op && a.agreed.root == b.agreed.root &&
           a.peer == b.peer && a.operation->sent.data == b.operation->sent.data &&
           a.operation->received.data == b.operation->received.data;
  };
  return captured.comm == comm && std::ranges::equal(captured.calls, group, same_call);
}

void compare_with_expected(ncclComm_t comm, const std::vector<Call>& group) {
  if (expected == nullptr) return;
  if (next_expected == expected->size() || !are_same((*expected)[next_expected], comm, group))
    model().violation("a replay makes a call that was not captured, or on other buffers: " +
                      describe(group.front().agreed));
  next_expected = std::min(next_expected + 1, expected->size());
}

// The calls of one group on one communicator become one task of their stream.
void run_on(CUstream_st* stream, ncclComm_t comm, std::vector<Call> group) {
  std::int64_t index = 0;
  for (Call& call : group) {
    call.agreed.group = comm->groups;
    call.agreed.index = index++;
  }
  ++comm->groups;
  ++comm->groups_under_way;
  auto shared = std::make_shared<std::vector<Call>>(std::move(group));
  stream->queue([comm, shared] { execute(comm, *shared); });
}

void enqueue(ncclComm_t comm, CUstream_st* stream, std::vector<Call> group) {
  if (comm->is_non_blocking) {
    comm->polls_to_settle = kPollsToSettle;
    comm->stream = stream;
    ++stream->unsettled;
  }
  compare_with_expected(comm, group);
  if (stream->capture) {
    stream->capture->groups.push_back({comm, std::move(group)});
  } else {
    run_on(stream, comm, std::move(group));
  }
}

ncclResult_t end_group() {
  std::vector<PendingCall> calls = std::exchange(pending, {});
  bool non_blocking = false;
  while (!calls.empty()) {
    const ncclComm_t comm = calls.front().comm;
    CUstream_st* const stream = calls.front().stream;
    std::vector<Call> group;
    std::erase_if(calls, [&](PendingCall& each) {
      if (each.comm != comm || each.stream != stream) return false;
      group.push_back(std::move(each.call));
      return true;
    });
    non_blocking |= comm->is_non_blocking;
    enqueue(comm, stream, std::move(group));
  }
  model().host_goes_on();
  return non_blocking ? ncclInProgress : ncclSuccess;
}

ncclResult_t add_call(const char* name, ncclComm_t comm, CUstream_st* stream, Call::Agreed agreed, int peer,
                      Buffer sent, Buffer received) {
  if (!is_usable(comm, name)) return ncclInvalidUsage;
  if (agreed.root >= comm->size || peer >= comm->size)
    return refuse(std::string(name) + " names a rank that is not there");
  Call call{agreed, {}, peer, model().begin(name, sent, received, stream, comm)};
  pending.push_back({comm, stream, std::move(call)});
  return group_depth == 0 ? end_group() : ncclSuccess;
}

Buffer buffer(const void* data, std::size_t count, ncclDataType_t type) {
  return {static_cast<char*>(const_cast<void*>(data)), count * size_of_type(type)};
}

Call::Agreed agreed(Kind kind, std::size_t count, ncclDataType_t type, int op = -1, int root = -1) {
  return {0, 0, static_cast<std::int64_t>(count), static_cast<std::int32_t>(kind), type, op, root};
}

// Ends the object's life; frees MPI's part of it unless requests may still be under way.
void end(ncclComm_t comm, bool free_mpi) {
  comm->life = ncclComm::Life::kEnded;
  if (comm->graphs > 0 && !comm->aborted)
    model().violation("a communicator ends while a graph holds its collectives");
  if (comm->starter.joinable()) comm->starter.join();
  if (!comm->registrations.empty()) model().violation("a communicator ends with buffers registered");
  MPI_Comm mpi = comm->exchange ? comm->exchange->comm() : MPI_COMM_NULL;
  if (free_mpi && mpi != MPI_COMM_NULL) MPI_Comm_free(&mpi);
  model().count("communicator", -1);
}

}  // namespace

namespace zoetrope::comm::nccl_double {

void set_up() {
  MPI_Comm_dup(MPI_COMM_WORLD, &world);
}

void tear_down() {
  MPI_Comm_free(&world);
}

cudaStream_t host_stream() {
  return model().host_stream();
}

std::vector<std::string> take_violations() {
  if (group_depth != 0) model().violation("a group was left open");
  group_depth = 0;
  return model().take_violations();
}

std::string live_objects() {
  return model().live_objects();
}

void count_graph(ncclComm_t comm, int change) {
  comm->graphs += change;
}

void replay(const CapturedGroup& group, CUstream_st* stream) {
  if (!is_usable(group.comm, "cudaGraphLaunch")) return;
  std::vector<Call> calls = group.calls;
  for (Call& call : calls) {
    const InFlight& captured = *call.operation;
    call.operation = stream->is_host
                         ? InFlight::now(captured.name, captured.sent, captured.received)
                         : model().begin(captured.name, captured.sent, captured.received, stream, group.comm);
  }
  run_on(stream, group.comm, calls);
  if (!stream->is_host) return;
  for (const Call& call : calls) call.operation->write_result();  // it has run already
}

void begin_expecting(const std::vector<CapturedGroup>& groups) {
  expected = &groups;
  next_expected = 0;
}

void end_expecting() {
  if (next_expected != expected->size()) model().violation("a replay makes fewer calls than were captured");
  expected = nullptr;
}

void report_version(int code) {
  reported_version = code == 0 ? NCCL_VERSION_CODE : code;
}

void break_communicators(ncclResult_t error) {
  const std::lock_guard lock(comms_mutex);
  for (const auto& comm : comms) comm->broken = error;
}

}  // namespace zoetrope::comm::nccl_double

extern "C" {

const char* ncclGetErrorString(ncclResult_t result) {
  return result == ncclRemoteError    ? "remote error"
         : result == ncclInvalidUsage ? "invalid usage"
                                      : "refused by the double";
}

const char* ncclGetLastError(ncclComm_t) {
  return "";
}

ncclResult_t ncclGetVersion(int* version) {
  *version = reported_version;
  return ncclSuccess;
}

ncclResult_t ncclGetUniqueId(ncclUniqueId* id) {
  *id = make_id(world);
  return ncclSuccess;
}

ncclResult_t ncclCommInitRankConfig(ncclComm_t* comm, int size, ncclUniqueId id, int rank,
                                    ncclConfig_t* config) {
  *comm = make_comm(rank, size, config);
  return start(*comm, [comm = *comm, id] {
    comm->exchange = std::make_unique<Exchange>(rendezvous(world, id, comm->rank, comm->size, comm->aborted),
                                                comm->aborted);
  });
}

ncclResult_t ncclCommSplit(ncclComm_t parent, int color, int key, ncclComm_t* comm, ncclConfig_t* config) {
  if (!is_usable(parent, "ncclCommSplit")) return ncclInvalidUsage;
  if (parent->groups_under_way > 0) return refuse("ncclCommSplit while collectives are under way");
  const ncclComm_t child = make_comm(0, 0, config);
  parent->state = ncclInProgress;
  *comm = nullptr;  // until it is made
  return start(child, [parent, color, key, child, comm] {
    const std::unique_ptr<ncclComm, void (*)(ncclComm*)> settled(parent,
                                                                 [](ncclComm* p) { p->state = ncclSuccess; });
    *comm = child;
    parent->exchange->barrier();
    MPI_Comm part = MPI_COMM_NULL;
    MPI_Comm_split(parent->exchange->comm(), color, key, &part);
    MPI_Comm_rank(part, &child->rank);
    MPI_Comm_size(part, &child->size);
    child->exchange = std::make_unique<Exchange>(part, child->aborted);
  });
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t* error) {
  if (comm == nullptr || comm->aborted)
    return refuse("ncclCommGetAsyncError of a communicator that was aborted");
  if (comm->life == ncclComm::Life::kEnded)
    return refuse("ncclCommGetAsyncError of a communicator that was destroyed");
  wait_while(Fault::kNcclIsNotAnswering);
  *error = comm->state == ncclSuccess ? comm->broken : comm->state;
  if (fault() == Fault::kCallsStayInProgress && *error == ncclSuccess) {
    *error = ncclInProgress;
    return ncclSuccess;
  }
  if (*error != ncclInProgress && comm->polls_to_settle > 0) {
    *error = ncclInProgress;
    if (--comm->polls_to_settle == 0 && comm->stream != nullptr)
      --std::exchange(comm->stream, nullptr)->unsettled;
  }
  return ncclSuccess;
}

ncclResult_t ncclCommFinalize(ncclComm_t comm) {
  if (!is_usable(comm, "ncclCommFinalize")) return ncclInvalidUsage;
  if (comm->state != ncclSuccess) return comm->state;  // the ranks may be at different calls: no meeting
  if (comm->broken != ncclSuccess) return comm->broken;
  comm->life = ncclComm::Life::kFinalized;
  return start(comm, [comm] {
    while (comm->groups_under_way > 0 && !comm->aborted) std::this_thread::yield();
    comm->exchange->barrier();
  });
}

ncclResult_t ncclCommDestroy(ncclComm_t comm) {
  if (comm == nullptr || comm->life == ncclComm::Life::kEnded)
    return refuse("ncclCommDestroy of a communicator that has ended");
  if (comm->life != ncclComm::Life::kFinalized)
    model().violation("a communicator is destroyed before it is finalised");
  if (comm->state == ncclInProgress)
    model().violation("a communicator is destroyed before its finalisation is done");
  end(comm, /*free_mpi=*/true);
  return ncclSuccess;
}

ncclResult_t ncclCommAbort(ncclComm_t comm) {
  if (comm == nullptr || comm->life == ncclComm::Life::kEnded)
    return refuse("ncclCommAbort of a communicator that has ended");
  comm->aborted = true;
  model().drop(comm);
  comm->registrations.clear();  // aborting frees them, too
  if (comm->stream != nullptr) --std::exchange(comm->stream, nullptr)->unsettled;
  end(comm, /*free_mpi=*/false);
  return ncclSuccess;
}

ncclResult_t ncclCommRegister(const ncclComm_t comm, void* data, size_t, void** handle) {
  if (!is_usable(comm, "ncclCommRegister")) return ncclInvalidUsage;
  if (!comm->registrations.insert(data).second) return refuse("a buffer is registered twice");
  *handle = data;
  return ncclSuccess;
}

ncclResult_t ncclCommDeregister(const ncclComm_t comm, void* handle) {
  if (!is_usable(comm, "ncclCommDeregister")) return ncclInvalidUsage;
  return comm->registrations.erase(handle) == 1 ? ncclSuccess
                                                : refuse("a buffer is deregistered that is not registered");
}

ncclResult_t ncclGroupStart() {
  ++group_depth;
  return ncclSuccess;
}

ncclResult_t ncclGroupEnd() {
  if (group_depth == 0) return refuse("a group is closed that is not open");
  return --group_depth == 0 ? end_group() : ncclSuccess;
}

ncclResult_t ncclAllReduce(const void* send, void* receive, size_t count, ncclDataType_t type, ncclRedOp_t op,
                           ncclComm_t comm, cudaStream_t stream) {
  return add_call("ncclAllReduce", comm, stream, agreed(Kind::kAllReduce, count, type, op), -1,
                  buffer(send, count, type), buffer(receive, count, type));
}

ncclResult_t ncclReduce(const void* send, void* receive, size_t count, ncclDataType_t type, ncclRedOp_t op,
                        int root, ncclComm_t comm, cudaStream_t stream) {
  return add_call("ncclReduce", comm, stream, agreed(Kind::kReduce, count, type, op, root), -1,
                  buffer(send, count, type), buffer(receive, count, type));
}

ncclResult_t ncclBroadcast(const void* send, void* receive, size_t count, ncclDataType_t type, int root,
                           ncclComm_t comm, cudaStream_t stream) {
  return add_call("ncclBroadcast", comm, stream, agreed(Kind::kBroadcast, count, type, -1, root), -1,
                  buffer(send, count, type), buffer(receive, count, type));
}

ncclResult_t ncclAllGather(const void* send, void* receive, size_t count, ncclDataType_t type,
                           ncclComm_t comm, cudaStream_t stream) {
  const auto all = count * static_cast<size_t>(comm == nullptr ? 0 : comm->size);
  return add_call("ncclAllGather", comm, stream, agreed(Kind::kAllGather, count, type), -1,
                  buffer(send, count, type), buffer(receive, all, type));
}

ncclResult_t ncclSend(const void* send, size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                      cudaStream_t stream) {
  return add_call("ncclSend", comm, stream, agreed(Kind::kSend, count, type), peer, buffer(send, count, type),
                  {});
}

ncclResult_t ncclRecv(void* receive, size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                      cudaStream_t stream) {
  return add_call("ncclRecv", comm, stream, agreed(Kind::kReceive, count, type), peer, {},
                  buffer(receive, count, type));
}

}  // extern "C"
