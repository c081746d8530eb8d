module.exports = {
  wpyExt: '.wpy',
  eslint: false,
  cliLogs: false,
  compilers: {
    babel: { presets: [['@babel/preset-env', { modules: 'commonjs', targets: { chrome: '70' } }]] }
  },
  plugins: [require('@wepy/plugin-uglifyjs')()],
  resolve: { aliasFields: ['wepy', 'weapp'], modules: ['node_modules'] }
}
