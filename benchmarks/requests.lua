-- Sends the requests of a file in turn (method, path, headers, body, separated by tabs) and says
-- at the end what happened, as one line of JSON. See wrk.py.

local ready, turn = {}, 0

function init(arguments)
   for line in io.lines(arguments[1]) do
      local method, path, listed, body = line:match("^([^\t]*)\t([^\t]*)\t([^\t]*)\t(.*)$")
      local headers = {}
      for header in listed:gmatch("[^\31]+") do
         local name, value = header:match("^(.-): (.*)$")
         headers[name] = value
      end
      if body == "" then body = nil end
      ready[#ready + 1] = wrk.format(method, path, headers, body)
   end
end

function request()
   turn = turn % #ready + 1
   return ready[turn]
end

function done(summary, latency)
   local result = {
      requests = summary.requests, duration_us = summary.duration,
      p50_us = latency:percentile(50), p95_us = latency:percentile(95),
      p99_us = latency:percentile(99), max_us = latency.max,
      connect = summary.errors.connect, read = summary.errors.read, write = summary.errors.write,
      timeout = summary.errors.timeout, status = summary.errors.status,
   }
   local members = {}
   for name, value in pairs(result) do
      members[#members + 1] = string.format('"%s":%.0f', name, value)
   end
   io.write("RESULT {" .. table.concat(members, ",") .. "}\n")
end
