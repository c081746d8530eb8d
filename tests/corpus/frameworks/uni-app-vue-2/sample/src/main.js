import Vue from 'vue'
import App from './App'

App.mpType = 'app'
new Vue({ ...App }).$mount()
