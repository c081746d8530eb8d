Page({data: {greeting: "Hello"}});
