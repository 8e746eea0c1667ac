// SPDX-License-Identifier: Apache-2.0
#include "exchange.hpp"

#include <chrono>
#include <cstring>
#include <thread>

#include <ATen/ATen.h>

#include "mpi/mpi_reduction.hpp"

namespace zoetrope::comm::nccl_double {
namespace {

at::ScalarType scalar_type(ncclDataType_t type) {
  switch (type) {
    case ncclFloat32:
      return at::kFloat;
    case ncclFloat64:
      return at::kDouble;
    case ncclInt64:
      return at::kLong;
    case ncclInt32:
      return at::kInt;
    case ncclUint8:
      return at::kByte;
    case ncclBfloat16:
      return at::kBFloat16;
    default:
      throw Mismatch("a type that the double does not carry");
  }
}

ReduceOp reduce_op(std::int32_t op) {
  switch (op) {
    case ncclMin:
      return ReduceOp::kMin;
    case ncclMax:
      return ReduceOp::kMax;
    case ncclAvg:
      return ReduceOp::kAverage;
    default:
      return ReduceOp::kSum;
  }
}

template <typename Test>
void wait_for(const std::atomic<bool>& aborted, Test is_done) {
  while (!is_done()) {
    if (aborted) throw Aborted();
    std::this_thread::sleep_for(std::chrono::microseconds(20));
  }
}

void wait_for(const std::atomic<bool>& aborted, MPI_Request request) {
  wait_for(aborted, [&] {
    int done = 0;
    MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    return done != 0;
  });
}

int rank_in(MPI_Comm comm) {
  int rank = 0;
  MPI_Comm_rank(comm, &rank);
  return rank;
}

int size_in(MPI_Comm comm) {
  int size = 1;
  MPI_Comm_size(comm, &size);
  return size;
}

}  // namespace

std::size_t size_of_type(ncclDataType_t type) {
  return c10::elementSize(scalar_type(type));
}

std::string describe(const Call::Agreed& call) {
  static const char* const names[] = {"all-reduce", "reduce", "broadcast", "all-gather", "send", "receive"};
  return std::string(names[call.kind]) + " of " + std::to_string(call.count) + " of type " +
         std::to_string(call.type) + ", operation " + std::to_string(call.op) + ", root " +
         std::to_string(call.root) + ", call " + std::to_string(call.index) + " of group " +
         std::to_string(call.group);
}

void Exchange::wait(std::vector<MPI_Request>& requests) {
  wait_for(aborted_, [&] {
    int done = 0;
    MPI_Testall(static_cast<int>(requests.size()), requests.data(), &done, MPI_STATUSES_IGNORE);
    return done != 0;
  });
}

void Exchange::barrier() {
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Ibarrier(comm_, &request);
  wait_for(aborted_, request);
}

void Exchange::run(std::vector<Call>& group) {
  run_point_to_point(group);
  for (Call& call : group) {
    if (!call.is_point_to_point()) run_collective(call);
  }
}

void Exchange::compare(Call& call) {
  std::vector<Call::Agreed>& all = call.of_all_ranks;
  all.resize(static_cast<std::size_t>(size_in(comm_)));
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Iallgather(&call.agreed, sizeof(Call::Agreed), MPI_BYTE, all.data(), sizeof(Call::Agreed), MPI_BYTE,
                 comm_, &request);
  wait_for(aborted_, request);
  for (std::size_t r = 0; r < all.size(); ++r) {
    if (std::memcmp(&all[r], &call.agreed, sizeof(Call::Agreed)) == 0) continue;
    throw Mismatch("rank " + std::to_string(rank_in(comm_)) + " calls " + describe(call.agreed) + "; rank " +
                   std::to_string(r) + " calls " + describe(all[r]));
  }
}

void Exchange::run_collective(Call& call) {
  compare(call);
  InFlight& operation = *call.operation;
  const at::ScalarType dtype = scalar_type(static_cast<ncclDataType_t>(call.agreed.type));
  const MPI_Datatype type = mpi_type(dtype);
  const int count = static_cast<int>(call.agreed.count);
  const MpiReductions reductions;
  const ReduceOp op = reduce_op(call.agreed.op);
  const bool is_root = rank_in(comm_) == call.agreed.root;
  const char* input = operation.input.data();
  operation.output.resize(operation.received.bytes);
  char* output = operation.output.data();

  MPI_Request request = MPI_REQUEST_NULL;
  switch (call.kind()) {
    case Kind::kAllReduce:
      MPI_Iallreduce(input, output, count, type, reductions.find(dtype, op), comm_, &request);
      break;
    case Kind::kReduce:
      MPI_Ireduce(input, output, count, type, reductions.find(dtype, op), call.agreed.root, comm_, &request);
      break;
    case Kind::kBroadcast:
      if (is_root) std::memcpy(output, input, operation.output.size());
      MPI_Ibcast(output, count, type, call.agreed.root, comm_, &request);
      break;
    case Kind::kAllGather:
      MPI_Iallgather(input, count, type, output, count, type, comm_, &request);
      break;
    case Kind::kSend:
    case Kind::kReceive:
      break;
  }
  wait_for(aborted_, request);
  const bool reduced_here = call.kind() == Kind::kAllReduce || (call.kind() == Kind::kReduce && is_root);
  if (reduced_here && op == ReduceOp::kAverage) {
    divide_by(at::from_blob(output, {call.agreed.count}, dtype), size_in(comm_));
  }
  operation.has_result = true;
}

void Exchange::run_point_to_point(std::vector<Call>& group) {
  constexpr int header_tag = 1;
  constexpr int data_tag = 2;
  std::vector<MPI_Request> requests;
  std::vector<std::int64_t> sizes(group.size());
  for (std::size_t i = 0; i < group.size(); ++i) {
    InFlight& operation = *group[i].operation;
    if (group[i].kind() != Kind::kSend) continue;
    sizes[i] = static_cast<std::int64_t>(operation.input.size());
    MPI_Isend(&sizes[i], 1, MPI_INT64_T, group[i].peer, header_tag, comm_, &requests.emplace_back());
    MPI_Isend(operation.input.data(), static_cast<int>(sizes[i]), MPI_BYTE, group[i].peer, data_tag, comm_,
              &requests.emplace_back());
    operation.has_result = true;
  }
  for (Call& call : group) {
    if (call.kind() != Kind::kReceive) continue;
    InFlight& operation = *call.operation;
    std::int64_t size = 0;
    MPI_Request header = MPI_REQUEST_NULL;
    MPI_Irecv(&size, 1, MPI_INT64_T, call.peer, header_tag, comm_, &header);
    wait_for(aborted_, header);
    operation.output.resize(static_cast<std::size_t>(size));
    MPI_Irecv(operation.output.data(), static_cast<int>(size), MPI_BYTE, call.peer, data_tag, comm_,
              &requests.emplace_back());
    if (operation.output.size() != operation.received.bytes) {
      throw Mismatch("rank " + std::to_string(rank_in(comm_)) + " receives " +
                     std::to_string(operation.received.bytes) + " bytes from rank " +
                     std::to_string(call.peer) + ", which sends " + std::to_string(size));
    }
    operation.has_result = true;
  }
  wait(requests);
}

namespace {

// What NCCL's opaque id holds here.
struct Meeting {
  std::int32_t root;  // rank in the world
  std::int32_t tag;
};

}  // namespace

ncclUniqueId make_id(MPI_Comm world) {
  static std::atomic<std::int32_t> next{0};
  const Meeting meeting{rank_in(world), 10 + 2 * (next++ % 10000)};
  ncclUniqueId id{};
  std::memcpy(id.internal, &meeting, sizeof meeting);
  return id;
}

MPI_Comm rendezvous(MPI_Comm world, const ncclUniqueId& id, int rank, int size,
                    const std::atomic<bool>& aborted) {
  Meeting meeting{};
  std::memcpy(&meeting, id.internal, sizeof meeting);
  const int me[2] = {rank, rank_in(world)};
  std::vector<int> world_ranks(static_cast<std::size_t>(size), -1);
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Isend(me, 2, MPI_INT, meeting.root, meeting.tag, world, &request);
  if (me[1] == meeting.root) {
    for (int i = 0; i < size; ++i) {
      int other[2] = {};
      MPI_Request arrival = MPI_REQUEST_NULL;
      MPI_Irecv(other, 2, MPI_INT, MPI_ANY_SOURCE, meeting.tag, world, &arrival);
      wait_for(aborted, arrival);
      if (other[0] < 0 || other[0] >= size || world_ranks[static_cast<std::size_t>(other[0])] != -1) {
        throw Mismatch("two ranks join a communicator as rank " + std::to_string(other[0]));
      }
      world_ranks[static_cast<std::size_t>(other[0])] = other[1];
    }
    for (const int to : world_ranks) MPI_Send(world_ranks.data(), size, MPI_INT, to, meeting.tag + 1, world);
  }
  wait_for(aborted, request);
  MPI_Irecv(world_ranks.data(), size, MPI_INT, meeting.root, meeting.tag + 1, world, &request);
  wait_for(aborted, request);

  MPI_Group all = MPI_GROUP_NULL;
  MPI_Group members = MPI_GROUP_NULL;
  MPI_Comm comm = MPI_COMM_NULL;
  MPI_Comm_group(world, &all);
  MPI_Group_incl(all, size, world_ranks.data(), &members);
  MPI_Comm_create_group(world, members, meeting.tag, &comm);
  MPI_Group_free(&members);
  MPI_Group_free(&all);
  return comm;
}

}  // namespace zoetrope::comm::nccl_double
