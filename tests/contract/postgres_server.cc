#include "tests/contract/postgres_server.h"

#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "absl/strings/str_cat.h"

namespace easel {
namespace {

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "the tests' PostgreSQL: %s\n", why.c_str());
  std::abort();
}

std::filesystem::path Programs() {
  std::filesystem::path newest;
  std::error_code error;
  for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", error)) {
    if (std::filesystem::exists(version.path() / "bin" / "initdb")) newest = std::max(newest, version.path() / "bin");
  }
  if (newest.empty()) Die("there is none below /usr/lib/postgresql; deploy/install-deps --tests installs it");
  return newest;
}

}  // namespace

PostgresServer& PostgresServer::Get() {
  static PostgresServer server;
  return server;
}

// The server ends with this process, whoever ends that.
pid_t PostgresServer::Spawn(const std::vector<std::string>& command) const {
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child != 0) return child;
  const passwd* user = ::geteuid() == 0 ? ::getpwnam("postgres") : nullptr;
  if (user != nullptr && (::initgroups(user->pw_name, user->pw_gid) != 0 || ::setgid(user->pw_gid) != 0 ||
                          ::setuid(user->pw_uid) != 0)) {
    ::_exit(1);
  }
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (::getppid() != parent) ::_exit(1);
  const int log = ::open((directory_ / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(log, 1);
  ::dup2(log, 2);
  ::close(0);
  if (::chdir(directory_.c_str()) != 0) ::_exit(1);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execv(arguments.front(), arguments.data());
  ::_exit(127);
}

PostgresServer::PostgresServer() {
  std::string name = std::filesystem::temp_directory_path() / "easel-postgres-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) Die("no temporary directory");
  directory_ = name;
  const passwd* user = ::geteuid() == 0 ? ::getpwnam("postgres") : nullptr;
  if (::geteuid() == 0 && user == nullptr) Die("there is no user postgres");
  if (user != nullptr && ::chown(name.c_str(), user->pw_uid, user->pw_gid) != 0) Die("chown");
  const std::filesystem::path programs = Programs();
  const std::string data = directory_ / "data";
  int status = 0;
  ::waitpid(Spawn({programs / "initdb", "-D", data, "-U", "easel", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"}),
            &status, 0);
  if (status != 0) Die(absl::StrCat("initdb failed, see ", (directory_ / "log").string()));
  // What a crash of the machine would cost is not asked here.
  server_ = Spawn({programs / "postgres", "-D", data, "-k", directory_, "-c", "listen_addresses=", "-c", "fsync=off", "-c",
                   "max_connections=100"});
  while (PQping(url().c_str()) != PQPING_OK) {
    if (::waitpid(server_, &status, WNOHANG) != 0) Die(absl::StrCat("it ended, see ", (directory_ / "log").string()));
    ::usleep(10'000);
  }
}

PostgresServer::~PostgresServer() {
  ::kill(server_, SIGQUIT);
  ::waitpid(server_, nullptr, 0);
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

std::string PostgresServer::url() const {
  return absl::StrCat("postgres:///postgres?user=easel&host=", directory_.string());
}

storage::PostgresOptions PostgresServer::NewDatabase() {
  // Patient: how long a busy machine takes is not asked here.
  return {.url = url(),
          .schema = absl::StrCat("easel_", ++databases_),
          .connect_timeout = absl::Minutes(1),
          .statement_timeout = absl::Minutes(1)};
}

void PostgresServer::BreakConnections() {
  Sql({.url = url()}, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                      " AND application_name = 'easel'");
}

std::string Sql(const storage::PostgresOptions& options, const std::string& sql) {
  PGconn* connection = PQconnectdb(options.url.c_str());
  PGresult* result = PQexec(connection, absl::StrCat("SET search_path TO ", options.schema, "; ", sql).c_str());
  const ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) Die(PQerrorMessage(connection));
  std::string value = PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "";
  PQclear(result);
  PQfinish(connection);
  return value;
}

}  // namespace easel
