-- For wrk: sends DEPTH requests in one write (wrk … -s pipelined.lua URL -- DEPTH).
function init(arguments)
   local requests = {}
   for i = 1, tonumber(arguments[1]) do
      requests[i] = wrk.format()
   end
   pipeline = table.concat(requests)
end

function request()
   return pipeline
end
