const { defineConfig } = require('@vue/cli-service')

module.exports = defineConfig({
  outputDir: 'dist/wx',
  productionSourceMap: false,
  pluginOptions: { mpx: { plugin: { srcMode: 'wx' }, loader: {} } }
})
