#include "platform/curl_error.hpp"

#include "platform/http_text.hpp"

namespace modhost::platform {
namespace {

std::string_view remedy(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return "check the host name, as in api_base, and this machine's DNS";
    case CURLE_COULDNT_RESOLVE_PROXY:
      return "check the host of http_client.proxy and this machine's DNS";
    case CURLE_COULDNT_CONNECT:
      return "check that a server runs there and that a firewall or proxy lets the call through";
    case CURLE_PEER_FAILED_VERIFICATION:
      return "name the file of the certificate authority that signed it in http_client.ca_file";
    case CURLE_SSL_CACERT_BADFILE:
      return "check http_client.ca_file";
    case CURLE_SSL_CERTPROBLEM:
      return "check http_client.client_cert: one PEM file with the certificate and its key";
    default:
      return "";
  }
}

}  // namespace

std::string describe(const HttpRequest& request) {
  return printable(request.method, 20) + " " + printable(request.url.substr(0, request.url.find('?')), 300);
}

Error to_error(CURLcode code, std::string_view text, const HttpRequest& request, bool request_sent) {
  std::string what = describe(request) + ": ";
  if (code == CURLE_URL_MALFORMAT)
    return invalid(what + "not a URL that can be called: write http:// or https://, a host and a path");
  if (code == CURLE_ABORTED_BY_CALLBACK)  // see Transfer::on_request
    return unavailable(
        what + "the connection ended before an answer came; the call may have been done, so it is not repeated");
  if (code == CURLE_OK) return unavailable(what + "the server ended without an answer: look at what answers there");
  what += printable(text.empty() ? std::string_view(curl_easy_strerror(code)) : text, 300);
  if (request_sent && request.method == "POST") what += "; the call may have been done";
  if (const std::string_view hint = remedy(code); !hint.empty()) what.append("; ").append(hint);
  return unavailable(std::move(what));
}

bool is_hopeless(CURLcode code) {
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_OUT_OF_MEMORY:
      return true;
    default:
      return false;
  }
}

}  // namespace modhost::platform
