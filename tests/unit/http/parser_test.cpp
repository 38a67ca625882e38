// The parser: what it accepts, what it refuses with which status, and that no split of the input changes either.
#include "http/parser.hpp"

#include <gtest/gtest.h>

namespace modhost::http {
namespace {

constexpr ParserLimits kLimits{1024, 10, 100};

// Everything an observer can see of one feeding, as text.
std::string outcome(RequestParser& parser, std::string_view input) {
  std::string seen;
  for (;;) {
    switch (parser.feed(input)) {
      case RequestParser::Step::kHead:
        break;
      case RequestParser::Step::kRequest: {
        const bool stays = parser.is_keep_alive();
        const bool is_10 = parser.is_http_10();
        const Request request = parser.take_request();
        seen += request.method + " " + request.target + (is_10 ? " 1.0" : "") + (stays ? "" : " close");
        for (const auto& header : request.headers) seen += "|" + header.name + "=" + header.value;
        seen += "|" + request.body + "\n";
        break;
      }
      case RequestParser::Step::kFailed:
        return seen + std::to_string(parser.error_status());
      case RequestParser::Step::kNeedMore:
        return seen;
    }
  }
}

std::string parse(std::string_view input, const std::vector<std::size_t>& cuts = {}) {
  RequestParser parser(kLimits);
  std::string seen;
  std::size_t from = 0;
  for (const std::size_t cut : cuts) {
    seen += outcome(parser, input.substr(from, cut - from));
    if (parser.error_status() != 0) return seen;
    from = cut;
  }
  return seen + outcome(parser, input.substr(from));
}

void expect(std::string_view input, std::string_view expected) {
  SCOPED_TRACE(input.substr(0, 200));
  EXPECT_EQ(parse(input), expected);
  for (std::size_t cut = 1; cut < input.size(); ++cut) {
    ASSERT_EQ(parse(input, {cut}), expected) << "split at " << cut;
  }
  std::vector<std::size_t> everywhere;
  for (std::size_t cut = 1; cut < input.size(); ++cut) everywhere.push_back(cut);
  EXPECT_EQ(parse(input, everywhere), expected) << "byte by byte";
}

std::string request(std::string_view fields, std::string_view rest = "") {
  return "POST /x HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n" + std::string(rest);
}

TEST(Parser, ReadsPlainRequests) {
  expect("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /|Host=a|\n");
  expect("POST /x?y=%20 HTTP/1.1\r\nhOsT:a\r\nContent-Length:  5 \t\r\n\r\nhello",
         "POST /x?y=%20|hOsT=a|Content-Length=5|hello\n");
  expect("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /|Host=a|\n");
  expect("PATCH!#$%&'*+-.^_`|~9 / HTTP/1.1\r\nHost: a\r\n\r\n", "PATCH!#$%&'*+-.^_`|~9 /|Host=a|\n");
  expect(request("Content-Length: 00000000000000000000003\r\n", "abc"),
         "POST /x|Host=a|Content-Length=00000000000000000000003|abc\n");
  expect(request("Content-Length: 0\r\n"), "POST /x|Host=a|Content-Length=0|\n");
  expect(request("Content-Length: 4\r\n", std::string_view("\0\r\n\x80", 4)),
         std::string("POST /x|Host=a|Content-Length=4|") + std::string("\0\r\n\x80", 4) + "\n");
}

TEST(Parser, ReadsPipelinedRequests) {
  expect(request("Content-Length: 2\r\n", "ab") + "\r\n" + request("", "GET /y HTTP/1.1\r\nHost: b\r\n\r\nGET /half"),
         "POST /x|Host=a|Content-Length=2|ab\nPOST /x|Host=a|\nGET /y|Host=b|\n");
}

TEST(Parser, PassesLegalButUnusualHeadersOn) {
  expect(request("Accept: text/html,\r\n"), "POST /x|Host=a|Accept=text/html,|\n");
  expect(request("Accept: text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2\r\n"),
         "POST /x|Host=a|Accept=text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2|\n");
  expect(request("Cookie: theme\r\nX-Empty:\r\nX-Blank: \t \r\n"), "POST /x|Host=a|Cookie=theme|X-Empty=|X-Blank=|\n");
  expect(request("Cache-Control: stale-if-error\r\nContent-Type: x\r\n"),
         "POST /x|Host=a|Cache-Control=stale-if-error|Content-Type=x|\n");
  expect(request("X-Text: caf\xc3\xa9 \"a\tb\"\r\n"), "POST /x|Host=a|X-Text=caf\xc3\xa9 \"a\tb\"|\n");
  expect("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", "GET /|Host=a:b|\n");
  expect("GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", "GET /|Host=[::1]:8080|\n");
}

TEST(Parser, KnowsWhoStays) {
  expect("GET / HTTP/1.0\r\n\r\n", "GET / 1.0 close|\n");
  expect("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "GET / 1.0|Connection=Keep-Alive|\n");
  expect("GET / HTTP/1.1\r\nHost: a\r\nConnection: x , CLOSE\r\n\r\n", "GET / close|Host=a|Connection=x , CLOSE|\n");
  expect("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n",
         "GET / close|Host=a|Connection=keep-alive|Connection=close|\n");
  expect("GET / HTTP/1.1\r\nHost: a\r\nConnection: ,,upgrade,\r\n\r\n", "GET /|Host=a|Connection=,,upgrade,|\n");
}

TEST(Parser, ReadsEveryFormOfTarget) {
  expect("GET http://b.example:80/p?q HTTP/1.1\r\nHost: a\r\n\r\n", "GET /p?q|Host=b.example:80|\n");
  expect("GET HTTPS://b?q HTTP/1.1\r\nHost: a\r\n\r\n", "GET /?q|Host=b|\n");
  expect("GET http://b HTTP/1.1\r\nHost: a\r\n\r\n", "GET /|Host=b|\n");
  expect("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS *|Host=a|\n");
  expect("GET //x HTTP/1.1\r\nHost: a\r\n\r\n", "GET //x|Host=a|\n");
  for (const char* target :
       {"x", "*", "http:/x", "ftp://b/", "http:///x", "http://u@b/", "/a#b", "/\xc3\xa9", "/a\x01", "/\x7f"}) {
    expect("GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n", "400");
  }
  expect("CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\n", "501");
}

TEST(Parser, RefusesABadRequestLine) {
  for (const char* line : {"GET /",
                           "GET",
                           "GET  / HTTP/1.1",
                           "GET / HTTP/1.1 ",
                           " GET / HTTP/1.1",
                           "GET\t/ HTTP/1.1",
                           "G@T / HTTP/1.1",
                           "GET / HT",
                           "GET / http/1.1",
                           "GET / HTTP/1",
                           "GET / HTTP/1.10",
                           "GET / HTTP/11",
                           "GET / HTTP/a.1",
                           "GET / HTTP/1.x",
                           "GET / HTTP/1.2",
                           "GET / HTTP/1.9",
                           "GET / x HTTP/1.1",
                           "\x16\x03\x01",
                           "AMETHODOFMORETHANTHIRTYTWOCHARACTERS / HTTP/1.1",
                           "GET / HTTP/1.1\r",
                           "GET /\r HTTP/1.1"}) {
    expect(std::string(line) + "\r\nHost: a\r\n\r\n", "400");
  }
  expect("GET / HTTP/2.0\r\nHost: a\r\n\r\n", "505");
  expect("GET / HTTP/0.9\r\n\r\n", "505");
  expect("GET / HTTP/1.1\nHost: a\n\n", "400");
  expect("\nGET / HTTP/1.1\r\n", "400");
}

TEST(Parser, RefusesBadFields) {
  const std::string nul("X: a\0b\r\n", 8);
  for (const std::string& field :
       {std::string("X : a\r\n"), std::string("no colon\r\n"), std::string(": a\r\n"), std::string(" X: a\r\n"),
        std::string("X: a\r\n folded\r\n"), std::string("X: a\r\n\tfolded\r\n"), std::string("X: a\nY: b\r\n"),
        std::string("X: a\rY: b\r\n"), std::string("X: a\x7f\r\n"), std::string("X: a\x01\r\n"), nul,
        std::string("X\xc3\xa9: a\r\n"), std::string("X(y): a\r\n"), std::string("Host: b\r\n"),
        std::string("hOST: a\r\n")}) {
    expect("GET / HTTP/1.1\r\nHost: a\r\n" + field + "\r\n", "400");
  }
}

TEST(Parser, DemandsOneGoodHost) {
  expect("GET / HTTP/1.1\r\n\r\n", "400");
  expect("GET / HTTP/1.1\r\nHost:\r\n\r\n", "400");
  expect("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "400");
  expect("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "400");
  expect("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", "400");
  expect("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "400");
  expect("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", "400");
}

TEST(Parser, RefusesDoubtfulLengths) {
  for (const char* length : {"abc", "+5", "-5", "5x", "0x5", "5 5", "5,5", "5, 5", "", "5.0", "\xd9\xa5"}) {
    expect(request("Content-Length: " + std::string(length) + "\r\n", "hello"), "400");
  }
  expect(request("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), "400");
  expect(request("Content-Length: 5\r\nContent-Length: 6\r\n", "hello"), "400");
  expect(request("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), "400");
  expect(request("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), "400");
}

TEST(Parser, RefusesLargeBodiesBeforeTheyCome) {
  for (const char* length :
       {"101", "8589934592", "107374182400", "18446744073709551616", "99999999999999999999999999999999"}) {
    expect(request("Content-Length: " + std::string(length) + "\r\n"), "413");
  }
  expect(request("Transfer-Encoding: chunked\r\n", "65\r\n"), "413");
  expect(request("Transfer-Encoding: chunked\r\n", "ffffffffffffffffff\r\n"), "413");
  for (const char* wraps : {"10000000000000000", "10000000000000003", "100000000000000000000000000000001"})
    expect(request("Transfer-Encoding: chunked\r\n", std::string(wraps) + "\r\nabc\r\n0\r\n\r\n"), "413");
  expect(request("Transfer-Encoding: chunked\r\n", "32\r\n" + std::string(50, 'a') + "\r\n33\r\n"), "413");
  expect(request("Content-Length: 100\r\n", std::string(100, 'a')),
         "POST /x|Host=a|Content-Length=100|" + std::string(100, 'a') + "\n");
}

TEST(Parser, ReadsChunkedBodies) {
  const std::string head = request("Transfer-Encoding: Chunked\r\n");
  const std::string taken = "POST /x|Host=a|Transfer-Encoding=Chunked|";
  expect(head + "0\r\n\r\n", taken + "\n");
  expect(head + "5\r\nhello\r\n6\r\n\r\nworl\r\n0\r\n\r\n", taken + "hello\r\nworl\n");
  expect(head + "00A\r\n0123456789\r\n000\r\n\r\n", taken + "0123456789\n");
  expect(head + "2;a\r\nab\r\n1 ; name=\"v;\" \r\nc\r\n0;x=y\r\n\r\n", taken + "abc\n");
  expect(head + "0\r\nTrailer: x\r\nContent-Length: 9\r\n\r\n" + request(""), taken + "\nPOST /x|Host=a|\n");
}

TEST(Parser, RefusesBadChunks) {
  const std::string head = request("Transfer-Encoding: chunked\r\n");
  for (const char* body : {"\r\n",
                           "x\r\n",
                           "-1\r\n",
                           "+1\r\n",
                           "0x1\r\n",
                           " 1\r\n",
                           "1 \r\n",
                           "1 x\r\n",
                           "1x\r\n",
                           "1\na\r\n",
                           "1;a\x01\r\n",
                           "1\r\nab\r\n",
                           "1\r\na\n",
                           "1\r\na\rb",
                           "1\r\n\r\n\n",
                           "0\r\nno colon\r\n\r\n",
                           "0\r\nX : y\r\n\r\n",
                           "0\r\nX: \x01\r\n\r\n",
                           "0\r\n folded: x\r\n\r\n",
                           "0\r\nX: y\n\r\n"}) {
    expect(head + body, "400");
  }
}

TEST(Parser, KnowsOnlyTheChunkedCoding) {
  for (const char* coding : {"ch", "chunkedx", "xchunked", "gzip, chunked", "chunked, gzip", "chunked, chunked",
                             "identity", "", "\"chunked\""}) {
    expect(request("Transfer-Encoding: " + std::string(coding) + "\r\n", "0\r\n\r\n"), "501");
  }
  expect(request("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), "501");
  expect("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400");
}

TEST(Parser, BoundsTheHead) {
  const std::string line = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  expect(line + std::string(1024 - line.size() - 4, 'x') + "\r\n\r\n",
         "GET /|Host=a|X=" + std::string(1024 - line.size() - 4, 'x') + "|\n");
  expect(line + std::string(1024 - line.size() - 3, 'x') + "\r\n\r\n", "431");
  expect("GET /" + std::string(2000, 'x'), "431");
  std::string ten;
  for (int i = 0; i < 9; ++i) ten += "X: y\r\n";
  EXPECT_EQ(parse(request(ten)).substr(0, 7), "POST /x");
  expect(request(ten + "X: y\r\n"), "431");
  std::string blank;
  for (int i = 0; i < 600; ++i) blank += "\r\n";
  expect(blank, "431");
}

TEST(Parser, BoundsWhatSurroundsChunks) {
  const std::string head = request("Transfer-Encoding: chunked\r\n");
  expect(head + "1;" + std::string(1100, 'x'), "400");
  std::string extended;
  for (int i = 0; i < 3; ++i) extended += "1;" + std::string(500, 'x') + "\r\na\r\n";
  expect(head + extended, "400");
  expect(head + "0\r\nX: " + std::string(1100, 'x'), "431");
  std::string trailers;
  for (int i = 0; i < 11; ++i) trailers += "X: y\r\n";
  expect(head + "0\r\n" + trailers, "431");
}

TEST(Parser, KnowsExpectations) {
  RequestParser parser(kLimits);
  std::string text = request("Expect: 100-Continue\r\nContent-Length: 5\r\n");
  std::string_view input = text;
  EXPECT_EQ(parser.feed(input), RequestParser::Step::kHead);
  EXPECT_TRUE(parser.wants_continue());
  EXPECT_EQ(parser.feed(input), RequestParser::Step::kNeedMore);
  EXPECT_TRUE(parser.is_in_body());
  expect(request("Expect: a-miracle\r\n"), "417");
  expect("GET / HTTP/1.0\r\nExpect: a-miracle\r\n\r\n", "GET / 1.0 close|Expect=a-miracle|\n");
  RequestParser bodiless(kLimits);
  text = request("Expect: 100-continue\r\n");
  input = text;
  EXPECT_EQ(bodiless.feed(input), RequestParser::Step::kHead);
  EXPECT_FALSE(bodiless.wants_continue());
}

TEST(Parser, TakesTheBodyLimitOfThePath) {
  RequestParser parser(kLimits);
  const std::string text = request("Content-Length: 5\r\n", "hello");
  std::string_view input = text;
  EXPECT_EQ(parser.feed(input), RequestParser::Step::kHead);
  parser.limit_body(4);
  EXPECT_EQ(parser.feed(input), RequestParser::Step::kFailed);
  EXPECT_EQ(parser.error_status(), 413);
  EXPECT_EQ(parser.feed(input), RequestParser::Step::kFailed);
}

TEST(Parser, KnowsWhetherARequestHasBegun) {
  RequestParser parser(kLimits);
  const auto feed = [&parser](std::string_view bytes) { parser.feed(bytes); };
  EXPECT_FALSE(parser.has_begun());
  feed("\r");
  EXPECT_FALSE(parser.has_begun());
  feed("\n");
  EXPECT_FALSE(parser.has_begun());
  feed("G");
  EXPECT_TRUE(parser.has_begun());
  feed("ET / HTTP/1.1\r\n");
  EXPECT_TRUE(parser.has_begun());
  parser.reset();
  EXPECT_FALSE(parser.has_begun());
}

}  // namespace
}  // namespace modhost::http
