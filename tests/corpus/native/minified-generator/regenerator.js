exports.mark=function(t){return t},exports.wrap=function(t){var e={next:0,prev:0,sent:0,stop:function(){e.done=!0}};return{next:function(n){return e.sent=n,{value:t(e),done:!!e.done}}}};
