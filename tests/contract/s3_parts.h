#pragma once

#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/process.hpp>

#include "storage/s3/s3_bucket.h"
#include "tests/fakes/real_clock.h"
#include "upstream/http/curl_clients.h"

namespace easel {

// tests/fakes/fake_s3.py, as a process of its own until the end.
class FakeS3 {
 public:
  FakeS3() {
    std::string port;
    std::getline(output_, port);
    url_ = "http://127.0.0.1:" + port;
  }
  ~FakeS3() {
    process_.terminate();
    process_.wait();
  }

  const std::string& url() const { return url_; }

  storage::S3Options Options() const {
    storage::S3Options options;
    options.endpoint = url_;
    options.region = "eu-test-1";
    options.bucket = "pictures";
    options.prefix = "of tests/ä+b";
    options.credentials = {"AKIDEASELTEST", "a-secret-of-no-account/1+2=3", ""};
    return options;
  }

 private:
  boost::process::ipstream output_;
  boost::process::child process_{"/usr/bin/python3", "-B", FAKE_S3, boost::process::std_out > output_};
  std::string url_;
};

// A bucket of its own for whoever inherits this.
class S3Parts {
 public:
  explicit S3Parts(boost::asio::io_context& loop) : loops_{&loop}, clients_(loops_, {}) {}

  const FakeS3& server() const { return server_; }
  storage::S3Bucket& bucket() { return bucket_; }
  upstream::HttpClients& clients() { return clients_; }

 private:
  FakeS3 server_;
  std::vector<boost::asio::io_context*> loops_;
  upstream::CurlClients clients_;
  fakes::RealClock clock_;
  storage::S3Bucket bucket_{server_.Options(), clients_, clock_};
};

}  // namespace easel
