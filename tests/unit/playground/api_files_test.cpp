// Files and folders: upload in three steps, what sees them, search with filters.
#include <gtest/gtest.h>

#include "playground/blob.hpp"
#include "unit/playground/api_client.hpp"

namespace modhost::playground::test {
namespace {

class ApiFiles : public ::testing::Test {
 protected:
  // As the platform's client does it: open, put the bytes, close.
  std::string upload(const std::string& key, const std::string& owner, const std::string& bytes) {
    const std::string input =
        R"({"input":{"key":")" + key + R"(","title":null,"mimeType":"text/plain","metadata":{"country":"CH"})";
    const auto opened = client.json(201, "POST", "/content/upsert", input + "}," + owner + "}");
    EXPECT_EQ(put(std::string(string_member(opened, "writeUrl")), bytes), 201);
    const auto closed = client.json(201, "POST", "/content/upsert",
                                    input + R"(,"byteSize":)" + std::to_string(bytes.size()) + R"(},"fileUrl":")" +
                                        std::string(string_member(opened, "readUrl")) + R"(",)" + owner + "}");
    EXPECT_EQ(string_member(closed, "ingestionState"), "FINISHED");
    EXPECT_EQ(string_member(closed, "id"), string_member(opened, "id"));
    read_url = string_member(closed, "readUrl");
    return std::string(string_member(closed, "id"));
  }
  int put(const std::string& url, const std::string& bytes) { return blob("PUT", url, bytes).status; }
  http::Response blob(const std::string& method, const std::string& url, const std::string& bytes = "") {
    http::Request request;
    request.method = method;
    request.target = url.substr(url.find("/blob/"));
    request.body = bytes;
    return answer_blob(client.library, request);
  }

  ApiClient client;
  std::string read_url;
};

TEST_F(ApiFiles, AnUploadIsReadBackAndFound) {
  client.set_header("Host", "127.0.0.1:4711");
  const std::string id = upload("nö te.txt", R"("chatId":"chat_7")", "Penguins swim.");
  EXPECT_TRUE(read_url.starts_with("http://127.0.0.1:4711/blob/")) << read_url;
  EXPECT_EQ(blob("GET", read_url).body, "Penguins swim.");
  const auto file = client.call("GET", "/content/" + id + "/file?chatId=chat_7");
  EXPECT_EQ(file.status, 200);
  EXPECT_EQ(file.body, "Penguins swim.");
  EXPECT_EQ(file.headers.at(0).value, "attachment; filename*=UTF-8''n%C3%B6%20te.txt");
  EXPECT_EQ(client.call("GET", "/content/" + id + "/file?chatId=chat_8").status, 404);
  EXPECT_EQ(client.call("GET", "/content/" + id + "/file").status, 404);
  const std::string where = R"({"where":{"ownerId":{"equals":"chat_7"}})";
  EXPECT_EQ(client.json(201, "POST", "/content/search", where + R"(,"chatId":"chat_7"})").Size(), 1u);
  EXPECT_EQ(client.json(201, "POST", "/content/search", where + "}").Size(), 0u);
  const std::string search = R"({"searchString":"penguins","searchType":"COMBINED","chatOnly":true,"chatId":)";
  EXPECT_EQ(client.json(201, "POST", "/search/search", search + R"("chat_7"})").Size(), 1u);
  EXPECT_EQ(client.json(201, "POST", "/search/search", search + R"("chat_8"})").Size(), 0u);
  client.json(200, "DELETE", "/content/" + id + "?chatId=chat_7");
  EXPECT_EQ(client.call("DELETE", "/content/" + id).status, 404);
  EXPECT_EQ(blob("GET", read_url).status, 404);
}

TEST_F(ApiFiles, AnAddressAllowsWhatItWasMadeFor) {
  upload("a.txt", R"("scopeId":"scope_1")", "x");
  EXPECT_EQ(put(read_url, "other"), 403);
  EXPECT_EQ(blob("GET", read_url.substr(0, read_url.find('?'))).status, 403);
  EXPECT_EQ(blob("DELETE", read_url).status, 403);
  EXPECT_EQ(blob("GET", read_url).body, "x");
  EXPECT_EQ(put("/blob/none?sig=write", "x"), 404);
}

TEST_F(ApiFiles, NonsenseUploadsAreRefused) {
  const std::string input = R"("input":{"key":"a","mimeType":"text/plain"})";
  for (const std::string& body :
       {std::string("{}"), "{" + input + "}", std::string(R"({"input":{"key":"a"},"scopeId":"s"})"),
        "{" + input + R"(,"scopeId":"s","versioningEnabled":null})", "{" + input + R"(,"scopeId":"s","other":1})"})
    EXPECT_EQ(client.call("POST", "/content/upsert", body).status, 400) << body;
}

TEST_F(ApiFiles, InfosArePagedAndFiltered) {
  upload("a.txt", R"("scopeId":"scope_1")", "x");
  upload("b.txt", R"("scopeId":"scope_1")", "x");
  const auto page = client.json(201, "POST", "/content/infos", R"({"parentId":"scope_1","skip":1,"take":5})");
  EXPECT_EQ(page["totalCount"].GetInt(), 2);
  ASSERT_EQ(page["contentInfos"].Size(), 1u);
  EXPECT_EQ(string_member(page["contentInfos"][0], "key"), "b.txt");
  const std::string filter = R"({"metadataFilter":{"operator":"equals","path":["country"],"value":"CH"}})";
  EXPECT_EQ(client.json(201, "POST", "/content/infos", filter)["totalCount"].GetInt(), 2);
  EXPECT_EQ(client.call("POST", "/content/infos", R"({"metadataFilter":{"operator":"like","path":["a"],"value":"b"}})")
                .status,
            400);
}

TEST_F(ApiFiles, SearchTakesFoldersAndFilters) {
  upload("a.txt", R"("scopeId":"scope_1")", "Penguins swim.");
  const std::string search = R"({"searchString":"penguins","searchType":"VECTOR",)";
  EXPECT_EQ(client.json(201, "POST", "/search/search", search + R"("scopeIds":["scope_1"]})").Size(), 1u);
  EXPECT_EQ(client.json(201, "POST", "/search/search", search + R"("scopeIds":["scope_2"]})").Size(), 0u);
  const std::string filter = R"("metaDataFilter":{"operator":"equals","path":["country"],"value":)";
  EXPECT_EQ(client.json(201, "POST", "/search/search", search + filter + R"("CH"}})").Size(), 1u);
  EXPECT_EQ(client.json(201, "POST", "/search/search", search + filter + R"("DE"}})").Size(), 0u);
}

TEST_F(ApiFiles, FoldersAreMadeMovedAndRemoved) {
  const auto made = client.json(201, "POST", "/folder", R"({"paths":["/A/B","/A/C"]})");
  const std::string b(string_member(made["createdFolders"][0], "id")),
      c(string_member(made["createdFolders"][1], "id"));
  EXPECT_EQ(string_member(client.json(200, "GET", "/folder/" + b + "/path"), "folderPath"), "/A/B");
  const std::string a(string_member(client.json(200, "GET", "/folder/info?folderPath=%2FA"), "id"));
  EXPECT_EQ(client.json(200, "GET", "/folder/infos?parentId=" + a)["totalCount"].GetInt(), 2);
  client.json(201, "POST", "/folder/" + b + "/move", R"({"newParentId":")" + c + R"("})");
  EXPECT_EQ(string_member(client.json(200, "GET", "/folder/" + b + "/path"), "folderPath"), "/A/C/B");
  EXPECT_EQ(client.call("POST", "/folder/" + a + "/move", R"({"newParentId":")" + b + R"("})").status,
            400);  // below itself
  const std::string access =
      R"({"scopeId":")" + c +
      R"(","scopeAccesses":[{"entityId":"g","type":"READ","entityType":"GROUP"}],"applyToSubScopes":true})";
  EXPECT_EQ(client.json(200, "PATCH", "/folder/add-access", access)["scopeAccess"].Size(), 1u);
  EXPECT_EQ(client.json(200, "PATCH", "/folder/remove-access", access)["scopeAccess"].Size(), 0u);
  EXPECT_EQ(client.json(200, "DELETE", "/folder/" + a)["failedFolders"].Size(), 1u);
  EXPECT_EQ(client.json(200, "DELETE", "/folder/" + a + "?recursive=True")["successFolders"].Size(), 3u);
  EXPECT_EQ(client.call("GET", "/folder/info?scopeId=" + b).status, 404);
  EXPECT_EQ(client.call("GET", "/folder/info").status, 400);
}

TEST_F(ApiFiles, GroupsHaveMembers) {
  const std::string id(string_member(client.json(201, "POST", "/groups", R"({"name":"g"})"), "id"));
  client.json(201, "POST", "/groups/" + id + "/users", R"({"userIds":["100000000000000001","2"]})");
  EXPECT_EQ(client.json(200, "GET", "/users/100000000000000001/groups")["groups"].Size(), 1u);
  client.json(200, "DELETE", "/groups/" + id + "/users?userIds[0]=100000000000000001");
  EXPECT_EQ(client.json(200, "GET", "/users/100000000000000001/groups")["groups"].Size(), 0u);
  EXPECT_EQ(client.json(200, "GET", "/groups?name=g")["groups"][0]["members"].Size(), 1u);
  EXPECT_EQ(client.json(200, "GET", "/users?email=ada.muster%40stand-in.example")["users"].Size(), 1u);
}

}  // namespace
}  // namespace modhost::playground::test
