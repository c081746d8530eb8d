var e=wx,t=e.getLocation,n=function(e){return e.chooseAddress};Page({onLoad:function(o){o.q?t({type:"gcj02"}):n(e)({}),void 0!==o.m&&e.showModal({title:"m"}),function(t){t.login({})}(e)}});
